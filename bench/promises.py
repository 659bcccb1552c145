"""What is promised in seconds: a revocation cuts off (P5), an event comes whatever fails (P4), a server drains."""

import asyncio
from time import time

from bench.crowd import Client, Orders, opened
from bench.figure import Figure, percentile
from bench.ground import Ground, ground, serving
from bench.watching import DOCUMENT, switched
from models import session
from tests.support.firm.factories import MadeAccount, an_account, signed_in


async def run(*, people: int = 30, events: int = 10) -> list[Figure]:
    async with ground() as on:
        made = await an_account(on.firm)
        nobody = f"unix://{on.folder / 'nobody.sock'}"
        async with serving(on) as near, serving(on, SWITCHBOARD_WAKEUPS_URL=nobody) as deaf:
            cut = [await _cut_off(on, port, people) for port in (near, deaf)]
            told = [await _told(on, port, made, events) for port in (near, deaf)]
            await opened(Orders(near, on.token, people, DOCUMENT))
            asked = time()
        drained = time() - asked
    return [
        Figure("signed out to socket closed, worst", max(cut[0]), "s", 1),
        Figure("the same with the wake-ups down", max(cut[1]), "s", 20),
        Figure("commit to another server's subscription, p50", percentile(told[0], 0.5), "s"),
        Figure("the same with the wake-ups down, worst", max(told[1]), "s", 5),
        Figure(f"two servers told to go with {people} sockets, both gone", drained, "s", 20),
    ]


async def _cut_off(on: Ground, port: int, people: int) -> list[float]:
    """Seconds from the commit of each one's signing out."""
    everybody = [await signed_in(on.firm) for _ in range(people)]
    clients = [await Client(Orders(port, each.token, 1, DOCUMENT)).open() for each in everybody]
    assert {(await each.event())["__typename"] for each in clients} == {"FeedReady"}
    committed = []
    for each in everybody:
        await session.sign_out(each.viewer)
        committed.append(time())
    closed = await asyncio.gather(*(each.closed() for each in clients))
    return [at - since for at, since in zip(closed, committed, strict=True)]


async def _told(on: Ground, port: int, made: MadeAccount, events: int) -> list[float]:
    """Seconds from the commit of each, one after the other."""
    client = await Client(Orders(port, on.token, 1, DOCUMENT)).open()
    assert (await client.event())["__typename"] == "FeedReady"
    took = []
    for turn in range(events):
        cursor = await switched(on, made, notify=turn % 2 == 0)
        committed = time()
        took.append((await client.events_to(cursor))[0] - committed)
    client.close()
    return took
