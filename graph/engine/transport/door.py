"""uvicorn's two protocols with the bounds that they lack: a stranger neither fills the memory with a request that never
ends, nor holds connections without asking anything, nor keeps the loop busy with frames that say nothing.

Leans on inner names of uvicorn 0.54 and websockets 17; a contract test holds the versions.
"""

import asyncio
from collections import deque
from http import HTTPStatus
from typing import Any

from starlette.responses import PlainTextResponse
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from graph.engine.transport.places import Places

BESIDE_BODY = 65_536  # bytes of one request: its first line, its headers, what frames its chunks, its trailers
REQUEST_SECONDS = 30.0  # for a request to arrive, from its connection or its first byte on
FRAMES = 1_000  # of one socket that are taken in a second; each costs some 15 µs, however little it says
PIECE = 4_096  # bytes of frames that are looked at in one go


class HttpDoor(HttpToolsProtocol):
    """
    One connection, until it becomes a WebSocket. `seconds`: for a request to arrive. `places`: of all connections of
    this process; None: as many as come.
    """

    def __init__(self, *args: Any, seconds: float = REQUEST_SECONDS, places: Places | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self._seconds, self._places = seconds, places or Places()
        self._is_refused = False
        self._deadline: asyncio.TimerHandle | None = None
        self._arriving = True
        self._beside_body = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._set_deadline()
        self._places.came(self, among=len(self.connections))

    def connection_lost(self, exc: Exception | None) -> None:
        self._meet_deadline()
        self._places.went(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._beside_body += len(data)
        super().data_received(data)
        if self._beside_body > BESIDE_BODY:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"Headers may have {BESIDE_BODY:,} bytes.")
        elif self._deadline is None and self._is_awaited():
            self._set_deadline()

    def on_message_begin(self) -> None:
        self._arriving = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        lacks_place = self._places.lack_one_for(self, among=len(self.connections))
        self._is_refused = lacks_place and not self._places.are_for(self.url.partition(b"?")[0])
        if self._is_refused:
            self.app = PlainTextResponse(self._places.taken, 503)
        super().on_headers_complete()
        if lacks_place and self.cycle is not None:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._beside_body -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._arriving, self._beside_body = False, 0
        self._meet_deadline()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._meet_deadline()
        if self._is_refused:
            self.turn_away()
        else:
            super().handle_websocket_upgrade()

    def turn_away(self) -> None:
        self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, self._places.taken)

    def _is_awaited(self) -> bool:
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return False
        return self._arriving or (self._is_idle() and self.timeout_keep_alive_task is None)  # only line ends came

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _set_deadline(self) -> None:
        self._deadline = self.loop.call_later(self._seconds, self._too_late)

    def _meet_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        self._deadline = None
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"A request has to arrive within {self._seconds:g} seconds.")

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        """Whoever reads the body meanwhile is told that the client has left."""
        if self.transport.is_closing():
            return
        if not self._is_idle() and self.cycle.response_started:
            self.transport.abort()
            return
        headers = [*self.server_state.default_headers, (b"connection", b"close"), (b"content-type", b"text/plain")]
        headers.append((b"content-length", str(len(why)).encode()))
        start = f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
        fields = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        self.transport.write(start + fields + b"\r\n" + why.encode())
        self.transport.close()


class SocketDoor(WebSocketsSansIOProtocol):
    """
    One WebSocket. Of its frames `most` are taken in a second, and the rest waits unread: pings, pongs and pieces of
    messages never reach an application that could slow them down, and a page in a hurry is not cut off for it.
    """

    def __init__(self, *args: Any, most: int = FRAMES, **more: Any) -> None:
        super().__init__(*args, **more)
        self._most = most
        self._second = self._frames = 0
        self._pieces: deque[bytes] = deque()  # at most what two reads brought
        self._pause: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._pause is not None:
            self._pause.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._pieces.extend(data[at : at + PIECE] for at in range(0, len(data), PIECE))
        if self._pause is None:
            self._take()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True  # refused, which uvicorn would log as an error of ours

    def handle_events(self) -> None:
        if self.conn.handshake_exc is not None:  # such as headers that are too long; uvicorn would keep it for ever
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()
        else:
            self._frames += len(self.conn.events)
            super().handle_events()

    def _take(self) -> None:
        while self._pieces and not self.transport.is_closing():
            if self._has_had_its_share():
                self._wait()
                break
            super().data_received(self._pieces.popleft())

    def _has_had_its_share(self) -> bool:
        if (second := int(self.loop.time())) != self._second:
            self._second, self._frames = second, 0
        return self._frames >= self._most

    def _wait(self) -> None:
        """For the next second."""
        self.transport.pause_reading()
        self._pause = self.loop.call_later(self._second + 1 - self.loop.time(), self._go_on)

    def _go_on(self) -> None:
        self._pause = None
        self._take()
        if self._pause is None and not self.read_paused:  # else uvicorn goes on, once the application has read it all
            self.transport.resume_reading()
