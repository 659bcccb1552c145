"""Text frames in and out of one accepted WebSocket, with a deadline for a reader that does not read."""

import asyncio
from collections.abc import AsyncIterator

from starlette.types import Receive, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from graph.engine.transport.errors import RequestCode, RequestError

REASON_BYTES = 123  # RFC 6455, 5.5: a control frame holds 125 bytes, two are the code
BREATH = 4  # frames; asyncio logs the fifth that is written to a connection that is lost
CLOSE_GRACE = 1.0  # seconds for the peer to answer a close


class Gone(Exception):
    """There is nobody to send to any more."""


class Wire:
    """`send_timeout` is in seconds: a peer that takes longer for one frame is cut."""

    def __init__(self, websocket: WebSocket, receive: Receive, send: Send, *, send_timeout: float) -> None:
        self.closed = False
        self._websocket = websocket
        self._receive = receive
        self._send = send
        self._transport = _transport(receive)
        self._send_timeout = send_timeout
        self._sent = 0

    async def frames(self) -> AsyncIterator[str]:
        """Every text frame until the peer leaves. Raises RequestError for a binary one."""
        while not self.closed:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("text") is None:
                raise RequestError(RequestCode.BAD_REQUEST, "Frames must be text.")
            yield message["text"]

    async def offer(self, text: str) -> bool:
        """
        Sends it where there is nothing that uvicorn could wait for: the peer has taken all that was sent before. False:
        it has not. Raises Gone when the peer left.
        """
        if self.closed:
            raise Gone
        if self._transport is None or self._transport.get_write_buffer_size():
            return False
        try:
            await self._send({"type": "websocket.send", "text": text})
        except (OSError, RuntimeError):  # RuntimeError: the server itself has closed it meanwhile
            self.closed = True
            raise Gone from None
        return True

    async def send(self, text: str) -> None:
        """Raises Gone when the peer left, or was cut because it does not read."""
        if not await self.offer(text):
            await self._insist(text)
        await self._breathe()

    async def _insist(self, text: str) -> None:
        try:
            async with asyncio.timeout(self._send_timeout):
                await self._send({"type": "websocket.send", "text": text})
        except (OSError, RuntimeError) as error:
            self.closed = True
            if isinstance(error, TimeoutError):
                self.abort()
            raise Gone from None

    async def _breathe(self) -> None:
        """
        uvicorn only waits when its buffer is full, and never on a connection that is being lost: a stream that always
        has something ready would not let the loop find out.
        """
        self._sent += 1
        if self._sent % BREATH == 0:
            await asyncio.sleep(0)

    async def close(self, code: int, reason: str) -> None:
        """Says goodbye, once; a peer that ignores it for a second is cut. Never raises."""
        if self.closed:
            return
        self.closed = True  # first: nothing may follow, even while the goodbye waits for a full buffer
        short = reason.encode()[:REASON_BYTES].decode(errors="ignore")
        try:
            async with asyncio.timeout(CLOSE_GRACE):
                await self._websocket.send({"type": "websocket.close", "code": code, "reason": short})
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            self.abort()
        else:
            asyncio.get_running_loop().call_later(CLOSE_GRACE, self.abort)

    def abort(self) -> None:
        cut(self._receive)


def cut(receive: Receive) -> None:
    """Cuts the connection. ASGI has no word for it, and closing waits for a buffer that the peer never empties: so
    uvicorn's protocol is asked, whose method `receive` is (a contract test holds this)."""
    if (transport := _transport(receive)) is not None:
        transport.abort()


def unsent(receive: Receive) -> bool:
    """Whether the peer has yet to take what was sent to it."""
    transport = _transport(receive)
    return transport is not None and transport.get_write_buffer_size() > 0


def _transport(receive: Receive) -> asyncio.WriteTransport | None:
    return getattr(getattr(receive, "__self__", None), "transport", None)
