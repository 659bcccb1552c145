"""`emails(search:)` in a history of 200,000: in a firm's, in an account's that has all of it, and in one of many."""

import asyncio
import random
from collections.abc import Iterator, Mapping
from time import perf_counter
from uuid import UUID

import orjson

from bench.figure import Figure, best, percentile
from bench.ground import Ground, ground, serving
from bench.load import Orders, one_answer, request
from bench.stored_mail import ENDED, LAST, RARE, SEVERAL, store_mail, word
from graph.ids import Kind, global_id

DOCUMENT = """
query Search($filter: EmailFilter!) { emails(filter: $filter, first: 25) {
  nodes { id subject from { name address } sentAt direction snippet } pageInfo { hasNextPage endCursor }
} }
"""
MOST_MS = 50
ROUNDS = 3


async def run(*, emails: int = 200_000, times: int = 30) -> list[Figure]:
    """`times`: searches of each kind, in each of the three lists."""
    async with ground() as on:
        large, small = await store_mail(on, emails)
        async with serving(on) as port:
            lists = {"firm": None, "large account": large, "small account": small}
            took = {name: await _searched(on, port, account, times) for name, account in lists.items()}
    together = [each for kinds in took.values() for many in kinds.values() for each in many]
    return [
        Figure(f"searches among {emails} e-mails, p95", percentile(together, 0.95), "ms", MOST_MS),
        Figure("p50", percentile(together, 0.5), "ms"),
        Figure("longest", max(together), "ms"),
        *(
            Figure(f"{kind}, {name}, p95", percentile(many, 0.95), "ms")
            for name, kinds in took.items()
            for kind, many in kinds.items()
        ),
    ]


async def _searched(on: Ground, port: int, account: UUID | None, times: int) -> Mapping[str, list[float]]:
    """Milliseconds of each search, by its kind; one after the other, the kinds in turn, the best of three rounds."""
    took: dict[str, list[float]] = {}
    chance = random.Random(account is None)
    connection = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
    for kind, text in _searches(chance, times):
        about = {"search": text} | ({"accountId": global_id(Kind.ACCOUNT, account)} if account else {})
        orders = Orders(port, "/graphql", _body(about), on.token, 1, 0)
        took.setdefault(kind, []).append(best([await _asked(connection, orders) for _ in range(ROUNDS)]))
    connection[1].close()
    return took


def _body(about: Mapping[str, str]) -> str:
    return orjson.dumps({"query": DOCUMENT, "variables": {"filter": about}}).decode()


async def _asked(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], orders: Orders) -> float:
    reader, writer = connection
    asked = request(orders)
    begun = perf_counter()
    writer.write(asked)
    answer = await one_answer(reader)
    took = (perf_counter() - begun) * 1000
    assert "errors" not in orjson.loads(answer), answer
    return took


def _searches(chance: random.Random, times: int) -> Iterator[tuple[str, str]]:
    for _ in range(times):
        common, between = word(chance.randrange(1, 20)), word(chance.randrange(SEVERAL, RARE))
        yield "common", common
        yield "neither", between
        yield "rare", word(chance.randrange(RARE, LAST))
        yield "two words", f"{between} {word(chance.randrange(20, SEVERAL))}"
        yield "beginning", between[:3]
        yield "none", f"x{between}"
        yield "of long ago", ENDED
