"""Many sockets: `python -m bench.crowd`, its orders as JSON on the command line, in a process of its own.

A line of JSON for each order that it has done: the sockets are open; every one has the event; they are all back.
Frames are parsed by hand, since a thousand clients share the machine with the server that is measured.
"""

import asyncio
import base64
import json
import os
import struct
import sys
from dataclasses import dataclass
from time import time
from typing import Any


@dataclass(frozen=True, slots=True)
class Orders:
    """`document` None: the sockets only say who they are. `after`: where each begins."""

    port: int
    token: str
    sockets: int
    document: str | None = None
    after: str | None = None


class Client(asyncio.Protocol):
    """
    graphql-transport-ws over a bare WebSocket. What arrives is stamped and kept; parsing waits until somebody asks.

    `at`: when the last bytes came, in seconds since the epoch.
    """

    def __init__(self, orders: Orders) -> None:
        self.at = 0.0
        self._orders = orders
        self._buffer = bytearray()
        self._grown = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.at = time()
        self._buffer += data
        self._grown.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._grown.set()

    async def open(self) -> "Client":
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_connection(lambda: self, "127.0.0.1", self._orders.port)
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            "GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            await self._more()
        assert b" 101 " in self._buffer[:20], bytes(self._buffer)
        del self._buffer[: end + 4]
        await self._subscribe()
        return self

    async def _subscribe(self) -> None:
        self._send({"type": "connection_init", "payload": {"Authorization": f"Bearer {self._orders.token}"}})
        assert (await self._next())["type"] == "connection_ack"
        if self._orders.document:
            payload = {"query": self._orders.document, "variables": {"after": self._orders.after}}
            self._send({"id": "1", "type": "subscribe", "payload": payload})

    async def event(self) -> dict[str, Any]:
        """The next event of the one feed that it follows."""
        message = await self._next()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        (event,) = message["payload"]["data"].values()
        assert isinstance(event, dict)
        return event

    async def events_to(self, cursor: str) -> tuple[float, list[str]]:
        """When the event with this cursor was there, and all cursors up to it."""
        cursors = [(await self.event())["cursor"]]
        while cursors[-1] != cursor:
            cursors.append((await self.event())["cursor"])
        return self.at, cursors

    async def closed(self) -> float:
        """When the server has said goodbye; what it tells before is lost."""
        while (await self._arrived())[0] != 0x8:
            pass
        return self.at

    def close(self) -> None:
        self._transport.abort()

    def _send(self, message: dict[str, Any]) -> None:
        self._frame(0x1, json.dumps(message).encode())

    def _frame(self, opcode: int, body: bytes) -> None:
        """Masked, with zeros."""
        length = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + struct.pack("!H", len(body))
        self._transport.write(bytes([0x80 | opcode]) + length + b"\0\0\0\0" + body)

    async def _next(self) -> dict[str, Any]:
        """The next message; pings are answered meanwhile."""
        while True:
            opcode, body = await self._arrived()
            if opcode == 0x1:
                message: dict[str, Any] = json.loads(body)
                return message
            assert opcode == 0x9, f"the server has closed: {body!r}"
            self._frame(0xA, body)

    async def _arrived(self) -> tuple[int, bytes]:
        while True:
            head = 2 + {126: 2, 127: 8}.get(self._buffer[1], 0) if len(self._buffer) > 1 else 10
            length = int.from_bytes(self._buffer[2:head]) if head > 2 else self._buffer[1]
            if len(self._buffer) >= max(2, head) and len(self._buffer) >= head + length:
                opcode, body = self._buffer[0] & 0x0F, bytes(self._buffer[head : head + length])
                del self._buffer[: head + length]
                return opcode, body
            await self._more()

    async def _more(self) -> None:
        assert not self._transport.is_closing(), "the server has hung up"
        self._grown.clear()
        await self._grown.wait()


async def opened(orders: Orders, *, at_once: int = 40) -> list[Client]:
    """All of them, forty at a time: of one network the server takes 50 on which nobody is signed in yet."""
    places = asyncio.Semaphore(at_once)

    async def one() -> Client:
        async with places:
            return await Client(orders).open()

    return list(await asyncio.gather(*(one() for _ in range(orders.sockets))))


async def _main() -> None:
    loop = asyncio.get_running_loop()
    orders = Orders(**json.loads(sys.argv[1]))
    begun = time()
    crowd = await opened(orders)
    if orders.document and orders.after is None:
        ready = await asyncio.gather(*(each.event() for each in crowd))
        assert {each["__typename"] for each in ready} == {"FeedReady"}
    asked = time() if orders.after is None else begun
    print(json.dumps({"opened": time() - begun}), flush=True)
    while cursor := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        while not all(each.at > asked for each in crowd):  # noqa: ASYNC110 - an event for each would delay the stamps
            await asyncio.sleep(0.005)
        told = await asyncio.gather(*(each.events_to(cursor) for each in crowd))
        asked = time()
        answer = {"begun": begun, "at": [at for at, _ in told], "cursors": sorted({tuple(c) for _, c in told})}
        print(json.dumps(answer), flush=True)
    for each in crowd:
        each.close()


if __name__ == "__main__":
    asyncio.run(_main())
