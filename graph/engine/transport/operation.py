"""One operation: its answers on any transport that stays open; its task, context and messages on a socket."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Generator, Mapping
from contextlib import aclosing, closing, suppress
from functools import partial
from typing import Any
from uuid import uuid4

import orjson
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from graph.engine.transport.call import Call
from graph.engine.transport.edge import Carrier, Edge
from graph.engine.transport.errors import AWAY, Answer, RequestCode, RequestError, answer_of, refusal
from graph.engine.transport.groups import KEPT, Alone, Listener, Sharing
from graph.engine.transport.request import GraphQLRequest
from graph.engine.transport.sockets import TRY_AGAIN
from graph.engine.transport.wire import Gone


async def answers(
    endpoint: Edge,
    request: GraphQLRequest,
    context: object,
    *,
    request_id: str,
    kinds: Collection[OperationType] = frozenset(OperationType),
    listener: Listener | None = None,
) -> AsyncGenerator[Answer, None]:
    """
    What a client is told, one answer after the other, each once; a refusal is the last. What the listener was given
    does not come here, too. Whoever closes this ends the execution or leaves the group, and then gives back its place.

    Raises RequestError where the document is not known, where no place is free, or where the session has ended.
    """
    alone = partial(_executed, endpoint, request, request_id=request_id, kinds=kinds)
    with closing(_ways(endpoint, request, context, alone, listener)) as ways:
        for way in ways:
            async with aclosing(way):
                async for answer in way:
                    yield answer


def _ways(
    endpoint: Edge, request: GraphQLRequest, context: object, alone: Alone, listener: Listener | None
) -> Generator[AsyncGenerator[Answer, None], None, None]:
    """
    How its answers come: alone; and, where others may ask the same, by turns alone and with their group.

    Each way goes on at the position where the one before it has stopped, so that nothing is missed or told twice. Alone
    it runs until it is near the present (`live_at`): within KEPT positions at first, later with none between. With
    the group it stays until the feed ends (`completed`), or the group does not keep all that it lacks: then alone
    again, from there.
    """
    text = endpoint.persisted.text(request)
    audience = context.group(text, request.variables or {}) if isinstance(context, Sharing) else None
    if audience is None or not isinstance(context, Sharing):
        yield alone(context)
        return
    follower, key = context.follower, (text, request.operation_name, audience)
    follower.leaves_within = KEPT
    while not follower.completed:
        yield alone(context)
        if follower.live_at is None:  # it came to its end, or was refused
            return
        with context.place():
            yield endpoint.groups.follow(key, context, text, alone, listener)
        follower.resume()


async def _executed(
    endpoint: Edge,
    request: GraphQLRequest,
    context: object,
    *,
    request_id: str,
    kinds: Collection[OperationType],
) -> AsyncGenerator[Answer, None]:
    results = await endpoint.schema.stream(
        endpoint.persisted.text(request),
        variable_values=request.variables,
        context_value=context,
        operation_name=request.operation_name,
        allowed_operation_types=kinds,
    )
    async with aclosing(results):
        async for result in results:
            assert isinstance(result, ExecutionResult)  # @defer and @stream are off
            answer = answer_of(result, request_id=request_id)
            if answer.refused is None:
                endpoint.persisted.ran(request)
            yield answer
            if answer.refused is not None:
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

    def _next(self, answer: Answer) -> str:
        """The answer's JSON was made once, for all who get it; only the id is this operation's own."""
        return f'{{"id":{self._json_id},"type":"next","payload":{answer.json}}}'

    async def _send_results(self) -> None:
        endpoint = self._socket.endpoint
        context = await endpoint.context_getter(self.call_on(self._socket, self._request_id))
        own_answers = answers(endpoint, self._request, context, request_id=self._request_id, listener=self)
        async with aclosing(own_answers):
            async for answer in own_answers:
                if answer.refused:
                    await self._send_error(answer)
                    return
                if answer.lacks and self.answered.is_set():  # an event: whoever comes back with `after` gets it whole
                    await self._socket.close(TRY_AGAIN, AWAY)
                    return
                await self._socket.wire.send(self._next(answer))
                self.answered.set()
        await self._end({"id": self.id, "type": "complete"})

    async def _send_error(self, answer: Answer) -> None:
        """Clients subscribe again only where the socket closed: an `error` is final to them."""
        if answer.refused is RequestCode.UNAVAILABLE:
            await self._socket.close(TRY_AGAIN, AWAY)
            return
        with suppress(Gone):
            await self._end({"id": self.id, "type": "error", "payload": answer.body["errors"]})

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
