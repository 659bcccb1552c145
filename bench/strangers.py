"""What a stranger can cost with one request: hostile documents, headers, variables and frames, beside a plain one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import psutil
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from bench.figure import Figure
from bench.ground import ground, serving
from bench.hostile import PLAIN, Hostile, everything
from bench.watching import process_on

MOST_MS, MOST_KB = 50, 10
PATIENCE = 20.0  # seconds for an answer
QUIET = 0.3  # seconds without a word, after which a socket has said all


@dataclass(frozen=True, slots=True)
class Cost:
    """`ms`: of the server's loop, for one request. `kilobytes`: of its answer, headers and all."""

    name: str
    ms: float
    kilobytes: float


async def run(*, times: int = 5, hostile: int = 0) -> list[Figure]:
    """`times` each, as the processor's time is counted in hundredths of a second; `hostile`: only so many of them."""
    requests = everything()[: hostile or None]
    async with ground() as on, serving(on, SWITCHBOARD_DEVELOPMENT="false") as port:
        server = process_on(port)
        await _cost(server, port, PLAIN, times)
        plain = await _cost(server, port, PLAIN, times * 10)
        costs = [await _cost(server, port, one, times) for one in requests]
    dearest, longest = max(costs, key=lambda cost: cost.ms), max(costs, key=lambda cost: cost.kilobytes)
    return [
        Figure("hostile requests", len(costs), "requests", at_least=None if hostile else 60),
        Figure("a plain request", plain.ms, "ms"),
        *(Figure(cost.name, cost.ms, "ms") for cost in sorted(costs, key=lambda cost: -cost.ms)[1:5]),
        Figure(f"the dearest: {dearest.name}", dearest.ms, "ms", at_most=None if hostile else MOST_MS),
        Figure(f"the longest answer: {longest.name}", longest.kilobytes, "kB", at_most=MOST_KB),
    ]


async def _cost(server: psutil.Process, port: int, request: Hostile, times: int) -> Cost:
    before, most = _spent(server), 0
    for _ in range(times):
        async with asyncio.timeout(PATIENCE):
            answer = await (_told_on_a_socket(port, request) if request.frames else _answer(port, request))
        assert b" 500 " not in answer[:20], (request.name, answer[:500])
        assert b'"INTERNAL"' not in answer, (request.name, answer[:500])
        most = max(most, len(answer))
    return Cost(request.name, (_spent(server) - before) * 1000 / times, most / 1000)


def _spent(server: psutil.Process) -> float:
    """Seconds of the processor that its loop has had; passwords are hashed beside it."""
    (loop,) = (thread for thread in server.threads() if thread.id == server.pid)
    return float(loop.user_time + loop.system_time)


async def _answer(port: int, request: Hostile) -> bytes:
    """All that comes until the server closes; b"" where it cuts the connection without a word."""
    async with _connected(port) as (reader, writer):
        with suppress(ConnectionError):  # it may answer, and close, before it has read all
            writer.write(_bytes(request))
            await writer.drain()
        answer = bytearray()
        with suppress(ConnectionError):
            while piece := await reader.read(65_536):
                answer += piece
        return bytes(answer)


def _bytes(request: Hostile) -> bytes:
    own = {name.lower() for name, _ in request.headers}
    head = [f"{request.method} {request.target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    if "content-type" not in own:
        head.append("Content-Type: application/json")
    head += [f"Content-Length: {len(request.body)}", *(f"{name}: {value}" for name, value in request.headers)]
    return "\r\n".join([*head, "", ""]).encode() + request.body


@asynccontextmanager
async def _connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def _told_on_a_socket(port: int, request: Hostile) -> bytes:
    url, protocols = f"ws://127.0.0.1:{port}/graphql", [Subprotocol("graphql-transport-ws")]
    answer = bytearray()
    async with connect(url, subprotocols=protocols, proxy=None, close_timeout=1) as socket:
        with suppress(ConnectionClosed, TimeoutError):
            for frame in request.frames:
                await socket.send(frame)
            while True:
                async with asyncio.timeout(QUIET):
                    answer += str(await socket.recv()).encode()
    return bytes(answer)
