"""The accounts page over HTTP, against a bare route that serves the same rows.

Both servers run in processes of their own on one database, the load generator in a third; the rounds alternate.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace

import orjson

from bench.figure import Figure, best
from bench.ground import Ground, ground, serving, serving_module, told
from bench.load import Measured, Orders, once
from bench.page import body, fill, keys_in
from models.ground import store


async def run(*, accounts: int = 50, rounds: int = 3, seconds: float = 3.0, connections: int = 8) -> list[Figure]:
    async with ground() as on:
        await fill(on.firm, accounts)
        await store.execute("ANALYZE")  # as autovacuum does within a minute
        async with serving(on) as ours, _bare(on) as bare:
            asked = Orders(ours, "/graphql", body(accounts).decode(), on.token, connections, seconds)
            facts = await _alike(asked, replace(asked, port=bare))
            pairs = [(await _measured(asked), await _measured(replace(asked, port=bare))) for _ in range(rounds)]
    return [*_figures([one for one, _ in pairs], [two for _, two in pairs]), *facts]


@asynccontextmanager
async def _bare(on: Ground) -> AsyncIterator[int]:
    os.environ["BENCH_FIRM"] = await store.value("SELECT slug FROM firm WHERE id = $1", on.firm.firm_id)
    async with serving_module("bench.bare", on) as port:
        yield port


async def _alike(ours: Orders, bare: Orders) -> list[Figure]:
    """Warm both, and compare what they answer."""
    for orders in (ours, bare):
        await _measured(replace(orders, seconds=min(1.0, ours.seconds)))
    answer, by_hand = await once(ours), await once(bare)
    told_by_us = orjson.loads(answer)
    assert told_by_us["data"] == orjson.loads(by_hand)["data"], "the two servers answer differently"
    return [
        Figure("size of the answer", len(answer) / 1000, "kB"),
        Figure("keys in the answer", keys_in(told_by_us["data"]), "keys"),
    ]


async def _measured(orders: Orders) -> Measured:
    return Measured(**await told(["-m", "bench.load", json.dumps(asdict(orders))], os.environ))


def _figures(ours: list[Measured], bare: list[Measured]) -> list[Figure]:
    fast, bare_fast = (best((one.requests_per_second for one in each), of=max) for each in (ours, bare))
    slow, bare_slow = (best(one.p99 for one in each) for each in (ours, bare))
    return [
        Figure("share of the bare route's requests per second", 100 * fast / bare_fast, "%", at_least=50),
        Figure("p99 against the bare route's", slow / bare_slow, "×", at_most=3),
        Figure("requests per second", fast, "/s"),
        Figure("requests per second, bare", bare_fast, "/s"),
        Figure("p99", slow, "ms"),
        Figure("p99, bare", bare_slow, "ms"),
    ]
