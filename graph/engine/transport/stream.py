"""An operation of any kind over one HTTP response that stays open: what SSE and multipart have in common."""

import asyncio
from collections.abc import AsyncGenerator, Hashable, Sequence
from contextlib import aclosing, suppress
from typing import Any, Protocol

import orjson
from starlette.types import Message, Receive, Scope, Send

from graph.engine.transport.edge import Edge
from graph.engine.transport.errors import Answer, RequestCode, RequestError, refusal
from graph.engine.transport.sockets import ANSWERED, RESTART
from graph.engine.transport.wire import CLOSE_GRACE, Gone, cut, unsent


class Framing(Protocol):
    """How answers become bytes. Each piece is whole: a client can read it without waiting for the next."""

    media_type: str
    opening: bytes
    beat: bytes
    """Nothing, said now and then, so that neither proxies nor we take silence for an end."""
    complete: bytes

    def next(self, body: bytes) -> bytes:
        """One answer, given as JSON."""

    def closed(self, errors: bytes, *, again: bool) -> bytes:
        """We end it before its time; `errors` is a JSON list. `again`: the client should come back."""


class Stream:
    """The response to one operation. Served as an ASGI application: it returns when its last task has ended."""

    def __init__(
        self,
        endpoint: Edge,
        framing: Framing,
        answers: AsyncGenerator[Answer, None],
        *,
        holder: Hashable | None,
        request_id: str,
    ) -> None:
        self.endpoint = endpoint
        self.framing = framing
        self._answers = answers
        self._holder = holder
        self._request_id = request_id
        self._last = b""
        self._closing = asyncio.Event()
        self._done = asyncio.Event()
        self._answered = asyncio.Event()  # once at least; or it has ended
        self._body: Body | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._body = body = Body(send, receive, send_timeout=self.endpoint.send_timeout)
        self.endpoint.sockets.add(self)
        self.endpoint.sockets.belongs(self, self._holder)
        parts = (self._produce(body), self._beat(body), body.wait_left(), self._closing.wait())
        tasks = [asyncio.ensure_future(part) for part in parts]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._answered.set()
            self.endpoint.sockets.remove(self)
            await _stopped(tasks)
            await body.end(self._last, seconds=CLOSE_GRACE if self._closing.is_set() else self.endpoint.send_timeout)
            self._done.set()

    async def answered(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._answered.wait(), ANSWERED)

    async def close(self, code: int, reason: str) -> None:
        """From any task: from now on nothing but the goodbye is sent. `__call__` cancels the rest."""
        if self._closing.is_set():
            return
        again = code == RESTART
        error = RequestError(RequestCode.UNAVAILABLE if again else RequestCode.UNAUTHENTICATED, reason)
        errors = refusal(error, request_id=self._request_id).body["errors"]
        self._last = self.framing.closed(orjson.dumps(errors), again=again)
        self._closing.set()
        if self._body is not None:
            self._body.closed = True

    async def wait_closed(self) -> None:
        await self._done.wait()

    async def _produce(self, body: "Body") -> None:
        try:
            await body.send(_start(self.framing.media_type, self._request_id))
            await body.send(_piece(self.framing.opening))
            async with aclosing(self._answers) as answers:
                async for answer in answers:
                    lacks_event = answer.lacks and self._answered.is_set()  # see Operation
                    if lacks_event or answer.refused is RequestCode.UNAVAILABLE:
                        self._last = self._again(answer)
                        return
                    await body.send(_piece(self.framing.next(answer.json.encode())))
                    self._answered.set()
            self._last = self.framing.complete
        except Gone:
            return
        except Exception as error:
            answer = refusal(error, request_id=self._request_id)
            unavailable = answer.refused is RequestCode.UNAVAILABLE
            self._last = self._again(answer) if unavailable else self._final(answer)

    def _again(self, answer: Answer) -> bytes:
        return self.framing.closed(orjson.dumps(answer.body["errors"]), again=True)

    def _final(self, answer: Answer) -> bytes:
        return self.framing.next(answer.json.encode()) + self.framing.complete

    async def _beat(self, body: "Body") -> None:
        with suppress(Gone):
            while True:
                await asyncio.sleep(self.endpoint.beat_interval)
                await body.send(_piece(self.framing.beat))


class Body:
    """The response on its way out. `send_timeout` is in seconds: a peer that takes longer for one piece is cut."""

    def __init__(self, send: Send, receive: Receive, *, send_timeout: float) -> None:
        self.closed = False  # nothing may follow but the end
        self._left = False
        self._started = False
        self._send = send
        self._receive = receive
        self._send_timeout = send_timeout

    async def send(self, message: Message) -> None:
        """Raises Gone when the peer left, or was cut because it does not read."""
        if self.closed:
            raise Gone
        try:
            async with asyncio.timeout(self._send_timeout):
                await self._send(message)
                self._started = True
                await asyncio.sleep(0)  # see Wire.send
        except TimeoutError:
            await self._cut()
            raise Gone from None
        except OSError:
            self.closed = self._left = True
            raise Gone from None

    async def end(self, piece: bytes, *, seconds: float) -> None:
        """The last piece; a peer that has not taken it by then is cut. Never raises."""
        self.closed = True
        if self._left:
            return
        if not self._started:  # closed before it began; the server wants an answer nevertheless
            with suppress(OSError):
                await self._send({"type": "http.response.start", "status": 503, "headers": [(b"connection", b"close")]})
        try:
            async with asyncio.timeout(seconds):
                await self._send({"type": "http.response.body", "body": piece, "more_body": False})
        except (TimeoutError, OSError):
            await self._cut()
        else:
            if unsent(self._receive):
                asyncio.get_running_loop().call_later(seconds, cut, self._receive)

    async def wait_left(self) -> None:
        """Returns when the peer has gone, or has got all."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.closed = self._left = True

    async def _cut(self) -> None:
        self.closed = True
        cut(self._receive)
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_GRACE):
                await self.wait_left()  # the server would log a response that ends without an end


async def _stopped(tasks: Sequence[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _start(media_type: str, request_id: str) -> Message:
    headers = {
        "content-type": media_type,
        "cache-control": "no-store",
        "x-accel-buffering": "no",  # nginx would keep small pieces back
        "x-request-id": request_id,
        "connection": "close",  # so that a reader that does not read can be cut without harm to a next request
    }
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": 200, "headers": raw}


def _piece(data: bytes) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": True}
