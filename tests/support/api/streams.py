"""Streams over HTTP as a client reads them: server-sent events and multipart, byte by byte."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.api.toy_server import Toy
from tests.support.servers.http import plain_http
from tests.support.waiting import PATIENCE, patience

SSE = "text/event-stream"
MULTIPART = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
APOLLO = f"{MULTIPART},application/graphql-response+json,application/json;q=0.9"
END = "end"
COMPLETE = "complete"
BEAT = "beat"


@dataclass
class Followed:
    """An open stream. `next` gives an answer, "beat", "complete" or, where the bytes end, "end"."""

    response: httpx.Response
    pieces: AsyncIterator[Any]

    async def next(self) -> Any:
        async with patience():
            return await anext(self.pieces, END)

    async def answer(self) -> Any:
        """The next that is no beat."""
        while (piece := await self.next()) == BEAT:
            pass
        return piece

    async def rest(self) -> list[Any]:
        """All that is left but the beats, and how it ended."""
        found = [await self.answer()]
        while found[-1] != END:
            found.append(await self.answer())
        return found


@asynccontextmanager
async def followed(
    toy: Toy, query: str, *, accept: str = SSE, token: str | None = None, headers: Mapping[str, str] | None = None
) -> AsyncIterator[Followed]:
    bearer = {"authorization": f"Bearer {token}"} if token else {}
    async with followed_at(toy.url, query, accept=accept, headers={**bearer, **(headers or {})}) as stream:
        yield stream


@asynccontextmanager
async def followed_at(
    url: str, query: str, *, accept: str = SSE, headers: Mapping[str, str] | None = None
) -> AsyncIterator[Followed]:
    sent = {"accept": accept, **(headers or {})}
    client = plain_http(base_url=url, timeout=PATIENCE)
    async with client, client.stream("POST", "/graphql", json={"query": query}, headers=sent) as response:
        read = events if response.headers["content-type"].startswith(SSE) else parts
        yield Followed(response, read(response.aiter_bytes()))


async def events(chunks: AsyncIterator[bytes]) -> AsyncIterator[Any]:
    """Of an event stream whose lines end in LF and nothing else."""
    async for frame in _cut(chunks, b"\n\n"):
        assert b"\r" not in frame
        if frame == b":":
            yield BEAT
            continue
        event, data = frame.split(b"\n")
        assert event in (b"event: next", b"event: complete")
        assert data.startswith(b"data: ")
        yield json.loads(data[6:]) if event == b"event: next" else COMPLETE


async def parts(chunks: AsyncIterator[bytes]) -> AsyncIterator[Any]:
    """Of a multipart body: each part is given as soon as the delimiter after it has come."""
    first = True
    async for part in _cut(_led(chunks), b"\r\n--graphql"):
        if not first:
            head, _, body = part.partition(b"\r\n\r\n")
            assert head == b"\r\ncontent-type: application/json; charset=utf-8"
            yield _unwrapped(json.loads(body))
        elif part:
            raise AssertionError(part)
        first = False


def _unwrapped(part: dict[str, Any]) -> Any:
    if not part:
        return BEAT
    if part["payload"] is None:
        return part
    assert list(part) == ["payload"]
    return part["payload"]


async def _led(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield b"\r\n"  # before the first delimiter it is left out
    async for chunk in chunks:
        yield chunk


async def _cut(chunks: AsyncIterator[bytes], delimiter: bytes) -> AsyncIterator[Any]:
    kept = b""
    async for chunk in chunks:
        *whole, kept = (kept + chunk).split(delimiter)
        for piece in whole:
            yield piece
    assert kept in (b"", b"--\r\n"), kept


async def deaf(toy: Toy, query: str, *, accept: str = SSE, token: str = "nobody") -> socket.socket:
    """A client that asks and then never reads another byte."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", toy.port))
    body = json.dumps({"query": query})
    await loop.sock_sendall(
        raw,
        f"POST /graphql HTTP/1.1\r\nhost: x\r\naccept: {accept}\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode(),
    )
    return raw
