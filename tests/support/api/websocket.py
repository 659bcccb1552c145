"""A client of graphql-transport-ws, message by message: one that behaves, and one that never reads."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.support.api.toy_server import Toy
from tests.support.waiting import PATIENCE

PROTOCOL = Subprotocol("graphql-transport-ws")
INIT = {"type": "connection_init"}
HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
)


@asynccontextmanager
async def dialled(toy: Toy, **options: Any) -> AsyncIterator[ClientConnection]:
    options = {"subprotocols": [PROTOCOL], "compression": None, "max_size": None, **options}
    async with connect(toy.ws_url, **options) as ws:
        yield ws


@asynccontextmanager
async def joined(toy: Toy, token: str | None = None, **options: Any) -> AsyncIterator[ClientConnection]:
    """A socket that has been acknowledged."""
    payload = {"authorization": f"Bearer {token}"} if token else {}
    async with dialled(toy, **options) as ws:
        await tell(ws, {**INIT, "payload": payload})
        assert await hear(ws) == {"type": "connection_ack"}
        yield ws


async def tell(ws: ClientConnection, message: object) -> None:
    await ws.send(json.dumps(message))


async def hear(ws: ClientConnection) -> Any:
    frame = await asyncio.wait_for(ws.recv(), PATIENCE)
    assert isinstance(frame, str)
    return json.loads(frame)


async def subscribe(ws: ClientConnection, query: str, id_: str = "1", **payload: Any) -> None:
    await tell(ws, {"id": id_, "type": "subscribe", "payload": {"query": query, **payload}})


async def end_of(ws: ClientConnection) -> tuple[int | None, str | None]:
    with suppress(ConnectionClosed):
        await asyncio.wait_for(_hear_out(ws), PATIENCE)
    return ws.close_code, ws.close_reason


async def _hear_out(ws: ClientConnection) -> None:
    while True:
        await ws.recv()


async def deaf(toy: Toy, query: str, token: str = "nobody") -> socket.socket:
    """A client that subscribes and then never reads another byte."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", toy.port))
    handshake = (
        "GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
        f"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: {PROTOCOL}\r\n\r\n"
    )
    await loop.sock_sendall(raw, handshake.encode())
    await loop.sock_recv(raw, 4_096)
    init = {**INIT, "payload": {"authorization": f"Bearer {token}"}}
    for message in (init, {"id": "1", "type": "subscribe", "payload": {"query": query}}):
        await loop.sock_sendall(raw, masked(json.dumps(message)))
    return raw


def masked(text: str) -> bytes:
    data = text.encode()
    length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return b"\x81" + length + b"\x00" * 4 + data


@asynccontextmanager
async def raw_socket(toy: Toy) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", toy.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
