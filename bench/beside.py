"""What others feel while something large goes on: the accounts page, a switch of another firm, one of the same firm."""

import asyncio
import json
import os
from collections.abc import Awaitable
from dataclasses import asdict, dataclass
from time import perf_counter

import orjson

from bench.figure import percentile
from bench.ground import Ground, told
from bench.load import Measured, Orders, one_answer, request
from bench.page import body
from graph.ids import Kind, global_id
from tests.support.firm.factories import MadeAccount

SWITCH = "mutation ($input: SetTogglesInput!) { setToggles(input: $input) { cursor errors { code } } }"
PAUSE = 0.02
"""Seconds between two switches of one person, who is nobody's load."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who switches Notify of `made` on and off, all the time."""

    token: str
    made: MadeAccount


@dataclass(frozen=True, slots=True)
class Felt:
    """In milliseconds. `page`, `other`: p99; `own`: the longest."""

    page: float
    other: float
    own: float


async def beside(on: Ground, port: int, other: Person, own: Person, work: Awaitable[object], *, seconds: float) -> Felt:
    """Measured for `seconds`, or as long as `work` takes, whichever is longer."""
    working = asyncio.ensure_future(work)
    page, others, owns = await asyncio.gather(
        _page(on, port, seconds), _switching(port, other, working, seconds), _switching(port, own, working, seconds)
    )
    await working
    return Felt(page.p99, percentile(others, 0.99), max(owns))


async def _page(on: Ground, port: int, seconds: float) -> Measured:
    orders = Orders(port, "/graphql", body(50).decode(), on.token, 1, seconds)
    return Measured(**await told(["-m", "bench.load", json.dumps(asdict(orders))], os.environ))


async def _switching(port: int, person: Person, work: "asyncio.Future[object]", seconds: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    took: list[float] = []
    until = perf_counter() + seconds
    while not work.done() or perf_counter() < until:
        wish = {
            "accountId": global_id(Kind.ACCOUNT, person.made.id),
            "addressId": global_id(Kind.EMAIL_ADDRESS, person.made.address),
            "notify": len(took) % 2 == 0,
        }
        asked = orjson.dumps({"query": SWITCH, "variables": {"input": {"toggles": [wish]}}}).decode()
        begun = perf_counter()
        writer.write(request(Orders(port, "/graphql", asked, person.token, connections=1, seconds=0)))
        answer = orjson.loads(await one_answer(reader))["data"]["setToggles"]
        took.append((perf_counter() - begun) * 1000)
        assert answer["errors"] == [], answer
        await asyncio.sleep(PAUSE)
    writer.close()
    return took
