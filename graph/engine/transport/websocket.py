"""graphql-transport-ws (the protocol of the npm package graphql-ws), one socket.

Faults of a frame close the socket with the protocol's 44xx code; faults of one operation are an `error` message for its
id and leave the others alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

from starlette.websockets import WebSocket

from graph.engine.transport.call import authorization_in
from graph.engine.transport.edge import Edge
from graph.engine.transport.errors import AWAY, RequestCode, RequestError, refusal
from graph.engine.transport.operation import Operation, error_message, text_of
from graph.engine.transport.request import GraphQLRequest, decoded, parsed
from graph.engine.transport.sockets import ANSWERED, RESTART, TRY_AGAIN
from graph.engine.transport.wire import Gone, Wire
from models.ground.network import network_of

ID_LENGTH = 128
DONE = 1000  # clients do not take it for a fault, and come back when they have something to ask


class ProtocolError(Exception):
    """The peer broke the protocol; the socket closes with `code`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Socket:
    """One accepted socket. `run` returns when it is closed and its last task has ended."""

    def __init__(self, endpoint: Edge, websocket: WebSocket, wire: Wire) -> None:
        self.endpoint = endpoint
        self.websocket = websocket
        self.wire = wire
        self.authorization: str | None = None
        self.operations: dict[str, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._running: set[Operation] = set()
        self._initialised = False
        self._acknowledged = False
        self._stranger = True
        self._deadline: asyncio.Timeout | None = None
        self._reader: asyncio.Task[None] | None = None
        self._done = asyncio.Event()

    async def run(self) -> None:
        self.endpoint.sockets.add(self)
        self.endpoint.strangers.came(self, _network(self.websocket))
        if self.endpoint.sockets.draining:
            await self.wire.close(RESTART, "The server restarts; connect again")
        self._reader = asyncio.create_task(self._read())
        try:
            await asyncio.wait([self._reader])
        finally:
            self.endpoint.sockets.remove(self)
            self.endpoint.strangers.went(self)
            self._reader.cancel()
            await self._stop_operations()
            await asyncio.gather(self._reader, return_exceptions=True)
            self._done.set()

    async def answered(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWERED):
                for operation in list(self._running):
                    await operation.answered.wait()

    async def close(self, code: int, reason: str) -> None:
        """From any task, also from an operation of this socket: from now on nothing is sent. `run` cancels the rest."""
        await self.wire.close(code, reason)
        if self._reader is not None:
            self._reader.cancel()

    async def wait_closed(self) -> None:
        await self._done.wait()

    async def send(self, message: Mapping[str, Any]) -> None:
        await self.wire.send(text_of(message))

    async def _read(self) -> None:
        try:
            await self._read_frames()
        except ProtocolError as error:
            await self.wire.close(error.code, error.reason)
        except RequestError as error:
            await self.wire.close(4400, error.message)
        except Gone:
            pass
        except Exception as error:
            answer = refusal(error, request_id=uuid4().hex)  # logs it
            if answer.refused is RequestCode.UNAVAILABLE:
                await self.wire.close(TRY_AGAIN, AWAY)
            else:
                await self.wire.close(4500, "Something went wrong on our side")

    async def _read_frames(self) -> None:
        try:
            async with asyncio.timeout(self.endpoint.init_timeout) as self._deadline:
                async for text in self.wire.frames():
                    await self._handle(decoded(text))
        except TimeoutError:
            if self._deadline is None or not self._deadline.expired():
                raise
            raise self._too_late() from None
        finally:
            self._deadline = None

    def _too_late(self) -> ProtocolError:
        if not self._initialised:
            return ProtocolError(4408, "Connection initialisation timeout")
        seconds = self.endpoint.stranger_seconds
        return ProtocolError(DONE, f"Nobody is signed in here, and nothing was asked for {seconds:g} seconds")

    def _wait(self, seconds: float | None) -> None:
        """For the next frame, so many seconds from now; None: without end."""
        if self._deadline is not None and not self._deadline.expired():
            self._deadline.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)

    async def _handle(self, message: object) -> None:
        if not isinstance(message, dict):
            raise ProtocolError(4400, "A message must be an object")
        verbs: dict[Any, Callable[[dict[str, Any]], Awaitable[None]]] = {
            "connection_init": self._init,
            "ping": self._ping,
            "pong": self._pong,
            "subscribe": self._subscribe,
            "complete": self._complete,
        }
        kind = message.get("type")
        if not isinstance(kind, str) or kind not in verbs:
            raise ProtocolError(4400, "Unknown message type")
        await verbs[kind](message)

    async def _init(self, message: dict[str, Any]) -> None:
        payload = _payload(message) or {}
        if self._initialised:
            raise ProtocolError(4429, "Too many initialisation requests")
        self._initialised = True
        self._wait(None)
        self.authorization = authorization_in(payload)
        await self._authenticate()
        await self.send({"type": "connection_ack"})
        self._acknowledged = True
        self._rest()

    async def _authenticate(self) -> None:
        try:
            context = await self.endpoint.context_getter(Operation.call_on(self))
        except RequestError as error:
            raise ProtocolError(4403, error.message) from None
        self.endpoint.sockets.belongs(self, context.holder)
        if context.holder is not None:
            self._stranger = False
            self.endpoint.strangers.went(self)

    def _rest(self) -> None:
        """When nothing runs: a socket on which nobody is signed in has its place for `stranger_seconds` more."""
        if self._stranger and not self.operations and not self._ending:
            self._wait(self.endpoint.stranger_seconds)

    async def _ping(self, message: dict[str, Any]) -> None:
        payload = _payload(message)
        await self.send({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})

    async def _pong(self, message: dict[str, Any]) -> None:
        _payload(message)

    async def _subscribe(self, message: dict[str, Any]) -> None:
        if not self._acknowledged:
            raise ProtocolError(4401, "Unauthorized")
        id_, request = _id(message), _request(message)
        if id_ in self.operations:
            raise ProtocolError(4409, f"Subscriber for {id_} already exists")
        if len(self.operations) + len(self._ending) >= self.endpoint.max_operations:
            await self.send(error_message(id_, _too_many(self.endpoint.max_operations)))
            return
        self.operations[id_] = self._started(Operation(self, id_, request))

    def _started(self, operation: Operation) -> asyncio.Task[None]:
        self._wait(None)
        task = asyncio.create_task(operation.run())
        self._running.add(operation)
        task.add_done_callback(lambda task: self._forget(operation, task))
        return task

    def _forget(self, operation: Operation, task: asyncio.Task[None]) -> None:
        operation.answered.set()
        self._running.discard(operation)
        self._ending.discard(task)
        if self.operations.get(operation.id) is task:
            del self.operations[operation.id]
        self._rest()

    async def _complete(self, message: dict[str, Any]) -> None:
        task = self.operations.pop(_id(message), None)
        if task is not None:
            task.cancel()
            self._ending.add(task)

    async def _stop_operations(self) -> None:
        tasks = [*self.operations.values(), *self._ending]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _network(websocket: WebSocket) -> str:
    """Of the client for whom a trusted proxy asks."""
    return network_of(websocket.client.host if websocket.client else "")


def _payload(message: Mapping[str, Any]) -> dict[str, Any] | None:
    payload = message.get("payload")
    if not isinstance(payload, dict | None):
        raise ProtocolError(4400, "`payload` must be an object")
    return payload


def _id(message: Mapping[str, Any]) -> str:
    id_ = message.get("id")
    if not isinstance(id_, str) or not 0 < len(id_) <= ID_LENGTH:
        raise ProtocolError(4400, f"`id` must be a text of 1 to {ID_LENGTH} characters")
    return id_


def _request(message: Mapping[str, Any]) -> GraphQLRequest:
    if not isinstance(message.get("payload"), dict):
        raise ProtocolError(4400, "`payload` must be an object")
    return parsed(message["payload"])


def _too_many(limit: int) -> RequestError:
    return RequestError(RequestCode.LIMIT_EXCEEDED, f"At most {limit} operations may run on one socket at a time.")
