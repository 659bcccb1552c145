"""A page turns its feed on and off, 8 to 76 times on one socket: how soon the next feed of somebody else begins."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bench.figure import Figure, percentile
from bench.ground import ground, serving

LIVE = "subscription { togglesChanged { __typename } }"
FEWEST, MOST = 8, 76
LONGEST = 10.0  # seconds that a feed is waited for


async def run(*, runs: int = 200) -> list[Figure]:
    chance = random.Random(8)
    async with ground() as on, serving(on) as port:
        took = [await _after(port, on.token, chance.randint(FEWEST, MOST)) for _ in range(runs)]
    return [
        Figure(f"{runs} pages: the next feed begins, p50", percentile(took, 0.5), "s"),
        Figure(f"{runs} pages: the next feed begins, the last", max(took), "s", 1),
    ]


async def _after(port: int, token: str, cycles: int) -> float:
    async with _socket(port, token) as page, _socket(port, token) as other:
        for number in range(cycles):
            await _subscribe(page, f"s{number}")
            if number % 2:
                await asyncio.sleep(0)
            await page.send(json.dumps({"id": f"s{number}", "type": "complete"}))
        begun = perf_counter()
        await _subscribe(other, "other")
        async with asyncio.timeout(LONGEST):
            assert "FeedReady" in str(await other.recv())
        return perf_counter() - begun


async def _subscribe(socket: ClientConnection, id_: str) -> None:
    await socket.send(json.dumps({"id": id_, "type": "subscribe", "payload": {"query": LIVE}}))


@asynccontextmanager
async def _socket(port: int, token: str) -> AsyncIterator[ClientConnection]:
    protocols = [Subprotocol("graphql-transport-ws")]
    async with connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=protocols, proxy=None) as socket:
        payload = {"authorization": f"Bearer {token}"}
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert "connection_ack" in str(await socket.recv())
        yield socket
