"""One operation: its answers on any transport that stays open; its task, context and messages on a socket."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing, suppress
from typing import Any
from uuid import uuid4

import orjson
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from graph.engine.transport.call import Call
from graph.engine.transport.edge import Carrier, Edge
from graph.engine.transport.errors import AWAY, Answer, RequestCode, RequestError, answer, refusal
from graph.engine.transport.groups import KEPT, Listener, Sharing
from graph.engine.transport.request import GraphQLRequest
from graph.engine.transport.sockets import TRY_AGAIN
from graph.engine.transport.wire import Gone


async def answers(
    endpoint: Edge,
    asked: GraphQLRequest,
    context: object,
    *,
    request_id: str,
    kinds: Collection[OperationType] = frozenset(OperationType),
    listener: Listener | None = None,
) -> AsyncGenerator[Answer, None]:
    """
    What a client is told, one by one, but for what a listener is given meanwhile; a refusal is the last.

    Raises RequestError where the document is not known.
    """

    def alone(own: object) -> AsyncGenerator[Answer, None]:
        return _executed(endpoint, asked, own, request_id=request_id, kinds=kinds)

    text = endpoint.persisted.text(asked)
    group = context.group(text, asked.variables or {}) if isinstance(context, Sharing) else None
    if group is None or not isinstance(context, Sharing):
        async with aclosing(alone(context)) as answered:
            async for told in answered:
                yield told
        return
    context.follower.leaves_within = KEPT
    key = (text, asked.operation_name, group)
    while True:
        async with aclosing(alone(context)) as answered:
            async for told in answered:
                yield told
        if context.follower.live_at is None:
            return
        with context.place():
            async with aclosing(endpoint.groups.follow(key, context, text, alone, listener)) as answered:
                async for told in answered:
                    yield told
        if context.follower.completed:
            return
        context.follower.resume()


async def _executed(
    endpoint: Edge,
    asked: GraphQLRequest,
    context: object,
    *,
    request_id: str,
    kinds: Collection[OperationType],
) -> AsyncGenerator[Answer, None]:
    results = await endpoint.schema.stream(
        endpoint.persisted.text(asked),
        variable_values=asked.variables,
        context_value=context,
        operation_name=asked.operation_name,
        allowed_operation_types=kinds,
    )
    async with aclosing(results):
        async for result in results:
            assert isinstance(result, ExecutionResult)  # @defer and @stream are off
            told = answer(result, request_id=request_id)
            if told.refused is None:
                endpoint.persisted.ran(asked)
            yield told
            if told.refused is not None:
                return


class Operation:
    """A query, mutation or subscription. Its context lives as long as itself, not as long as the socket."""

    def __init__(self, socket: Carrier, id_: str, request: GraphQLRequest) -> None:
        self.id = id_
        self.answered = asyncio.Event()  # once at least; or it has ended
        self._json_id = orjson.dumps(id_).decode()
        self._socket = socket
        self._request = request
        self._request_id = uuid4().hex

    @staticmethod
    def call_on(socket: Carrier, request_id: str | None = None) -> Call:
        authorization = socket.authorization or socket.websocket.headers.get("authorization")
        return Call(socket.websocket, request_id or uuid4().hex, authorization)

    async def run(self) -> None:
        """Ends with `complete`, or with `error`; neither where the client itself has completed it or is gone."""
        try:
            await self._send_results()
        except Gone:
            return
        except Exception as error:
            await self._send_error(refusal(error, request_id=self._request_id))

    async def offer(self, answer: Answer) -> bool:
        return await self._socket.wire.offer(self._next(answer))

    def _next(self, told: Answer) -> str:
        """Its JSON was made once, for all who get it; only the id is its own."""
        return f'{{"id":{self._json_id},"type":"next","payload":{told.json}}}'

    async def _send_results(self) -> None:
        endpoint = self._socket.endpoint
        context = await endpoint.context_getter(self.call_on(self._socket, self._request_id))
        told_ones = answers(endpoint, self._request, context, request_id=self._request_id, listener=self)
        async with aclosing(told_ones):
            async for told in told_ones:
                if told.refused:
                    await self._send_error(told)
                    return
                if told.lacks and self.answered.is_set():  # an event: whoever comes back with `after` gets it whole
                    await self._socket.close(TRY_AGAIN, AWAY)
                    return
                await self._socket.wire.send(self._next(told))
                self.answered.set()
        await self._end({"id": self.id, "type": "complete"})

    async def _send_error(self, told: Answer) -> None:
        """Clients subscribe again only where the socket closed: an `error` is final to them."""
        if told.refused is RequestCode.UNAVAILABLE:
            await self._socket.close(TRY_AGAIN, AWAY)
            return
        with suppress(Gone):
            await self._end({"id": self.id, "type": "error", "payload": told.body["errors"]})

    async def _end(self, message: Mapping[str, Any]) -> None:
        """The last message, unless the client has completed the id itself and may have used it again."""
        if self._socket.operations.get(self.id) is asyncio.current_task():
            del self._socket.operations[self.id]  # first: its reader may use the id at once
            await self._socket.send(message)


def error_message(id_: str, error: RequestError) -> dict[str, Any]:
    """The `error` of an operation that never became one."""
    return {"id": id_, "type": "error", "payload": refusal(error, request_id=uuid4().hex).body["errors"]}


def text_of(message: Mapping[str, Any]) -> str:
    """A text frame. Bytes would become a binary frame, which some clients refuse."""
    return orjson.dumps(message).decode()
