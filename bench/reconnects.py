"""Everybody comes back at once, each with the cursor that it had: until all have seen all that they missed."""

from bench.crowd import Orders
from bench.figure import Figure, percentile
from bench.ground import ground, serving
from bench.watching import DOCUMENT, allow_many_sockets, crowd, switched
from tests.support.firm.factories import an_account


async def run(*, sockets: int = 1000, missed: int = 20) -> list[Figure]:
    allow_many_sockets()
    async with ground() as on:
        made = await an_account(on.firm)
        cursors = [await switched(on, made, notify=turn % 2 == 0) for turn in range(missed + 1)]
        async with serving(on) as port, crowd(on, Orders(port, on.token, sockets, DOCUMENT, cursors[0])) as back:
            told = await back.all_see(cursors[-1])
    assert told["cursors"] == [cursors], "somebody missed an event, or had one twice"
    took = [at - told["begun"] for at in told["at"]]
    return [
        Figure(f"{sockets} reconnects, {missed} events each: p50", percentile(took, 0.5), "s"),
        Figure(f"{sockets} reconnects, {missed} events each: the last is complete", max(took), "s", 30),
    ]
