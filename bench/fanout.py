"""One event to many sockets that follow one document: from the wake-up to the last of them."""

from time import time

from bench.crowd import Orders
from bench.figure import Figure, best, percentile
from bench.ground import Ground, ground, serving
from bench.watching import DOCUMENT, Crowd, allow_many_sockets, crowd, kilobytes_of, switched
from tests.support.firm.factories import MadeAccount, an_account


async def run(*, sockets: int = 1000, rounds: int = 5) -> list[Figure]:
    allow_many_sockets()
    async with ground() as on:
        made = await an_account(on.firm)
        async with serving(on) as port:
            async with crowd(on, Orders(port, on.token, 20, DOCUMENT)) as few:  # what the first ones cost is no news
                await _round(on, few, made, turn=0)
            idle = kilobytes_of(port)
            async with crowd(on, Orders(port, on.token, sockets, DOCUMENT)) as many:
                took = [await _round(on, many, made, turn=turn) for turn in range(1, rounds + 1)]
                each = (kilobytes_of(port) - idle) / sockets
    return [
        Figure(f"{sockets} sockets, p50 from the wake-up", best(percentile(one, 0.5) for one in took), "ms", 30),
        Figure(f"{sockets} sockets, worst from the wake-up", best(max(one) for one in took), "ms", 60),
        Figure("memory for each subscription", each, "kB", 40),
    ]


async def _round(on: Ground, many: Crowd, made: MadeAccount, *, turn: int) -> list[float]:
    """Milliseconds from the answer to COMMIT, which is when the wake-up leaves PostgreSQL too, to each client."""
    cursor = await switched(on, made, notify=turn % 2 == 0)
    committed = time()
    told = await many.all_see(cursor)
    assert len(told["cursors"]) == 1, "they saw different events"
    return [(at - committed) * 1000 for at in told["at"]]
