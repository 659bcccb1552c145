"""A firm whose writers wait for a lock holds up no other firm, and no place in the queue is ever lost."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from uuid import UUID

import asyncpg
import pytest
from tortoise.connection import get_connections

from graph.ids import Kind, global_id
from models.ground import store
from models.ground.store.queue import Queue
from models.session import SignedIn
from tests.support.api.client import Api
from tests.support.firm.factories import MadeAccount, a_firm, an_account, signed_in
from tests.support.waiting import patience, until_waiting, waiting

SET = """mutation ($account: ID!, $address: ID!, $on: Boolean!) { setToggles(input: {toggles: [
  {accountId: $account, addressId: $address, emailSync: $on}]}) { errors { code } } }"""
LIST = "{ accounts(first: 10) { nodes { name } } }"
THIRD, HALF = 3, 5  # of a pool of ten
LOCKS = {
    "the firm": "SELECT 1 FROM firm WHERE id = $1 FOR UPDATE",
    "its mail": "SELECT pg_advisory_xact_lock(hashtextextended('mail ' || $1::uuid, 0))",
}


@asynccontextmanager
async def _locked(url: str, statement: str, firm_id: UUID) -> AsyncIterator[None]:
    """By somebody else, until the end."""
    outside = await asyncpg.connect(url)
    try:
        async with outside.transaction():
            await outside.execute(statement, firm_id)
            yield
    finally:
        await outside.close()


async def _switch(api: Api, as_: SignedIn, account: MadeAccount, *, on: bool) -> object:
    where = {"account": global_id(Kind.ACCOUNT, account.id), "address": global_id(Kind.EMAIL_ADDRESS, account.address)}
    return (await api.ask(SET, {**where, "on": on}, as_=as_))["setToggles"]


@pytest.mark.parametrize("lock", LOCKS)
async def test_forty_writers_of_one_firm_wait_and_another_firm_reads_and_writes_meanwhile(
    store: str, api: Api, lock: str
) -> None:
    by = await a_firm()
    here, *colleagues = [await signed_in(by) for _ in range(4)]
    there = await signed_in(await a_firm())
    ours, theirs = await an_account(here.viewer), await an_account(there.viewer)
    async with patience(), _locked(store, LOCKS[lock], here.viewer.firm_id):
        crowd = [asyncio.create_task(_switch(api, one, ours, on=True)) for one in [here, *colleagues] * 10]
        await until_waiting(store, THIRD)
        for on in (True, False, True):
            assert await _switch(api, there, theirs, on=on) == {"errors": []}
            assert len((await api.ask(LIST, as_=there))["accounts"]["nodes"]) == 1
            assert len((await api.ask(LIST, as_=here))["accounts"]["nodes"]) == 1  # who reads waits for nobody
            assert (await api.http.get("/readyz")).status_code == 200
        assert await waiting(store) == THIRD
        assert not any(task.done() for task in crowd)
    async with patience():
        assert await asyncio.gather(*crowd) == [{"errors": []}] * len(crowd)


@pytest.mark.usefixtures("store")
async def test_all_writers_together_take_half_of_the_pool() -> None:
    go_on, inside = asyncio.Event(), 0

    async def write(firm_id: UUID) -> None:
        nonlocal inside
        async with store.transaction(firm_id):
            inside += 1
            await go_on.wait()

    firms = [(await a_firm()).firm_id for _ in range(4)]
    writing = [asyncio.create_task(write(firm_id)) for _ in range(3) for firm_id in firms]
    pool = get_connections().get("default")._pool
    async with patience():
        while inside < HALF:  # noqa: ASYNC110 - a queue tells nobody
            await asyncio.sleep(0.01)
        assert await asyncio.gather(*(store.value("SELECT 1") for _ in range(20))) == [1] * 20
        assert (inside, pool.get_size() - pool.get_idle_size()) == (HALF, HALF)
        go_on.set()
        await asyncio.gather(*writing)
    assert inside == len(writing)


@pytest.mark.usefixtures("store")
async def test_whoever_is_cancelled_in_the_queue_leaves_no_place_taken() -> None:
    firms, chance = [(await a_firm()).firm_id for _ in range(3)], Random(7)

    async def write(firm_id: UUID) -> None:
        async with store.transaction(firm_id):
            await _inside(firm_id)

    async def _inside(firm_id: UUID) -> None:
        async with store.transaction(firm_id):  # is part of that one, and asks for no second place
            await store.value("SELECT pg_sleep(0.001)")

    for _ in range(20):
        tasks = [asyncio.create_task(write(firm_id)) for firm_id in firms * 10]
        for _ in range(chance.randrange(30)):
            await asyncio.sleep(0)  # anywhere: before the queue, in it, in the transaction
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    async with patience():
        await asyncio.gather(*(write(firm_id) for firm_id in firms * 10))


@pytest.mark.parametrize(("connections", "half", "third"), [(1, 1, 1), (2, 1, 1), (3, 1, 1), (10, 5, 3), (50, 25, 16)])
async def test_the_shares_of_a_pool_and_a_firm_that_writes_no_more_is_forgotten(
    connections: int, half: int, third: int
) -> None:
    queue = Queue(connections)
    assert await _at_once(queue, [UUID(int=1)] * 60) == third
    assert await _at_once(queue, [UUID(int=n) for n in range(60)]) == half
    assert await _at_once(queue, [None] * 60) == half
    assert len(queue) == 0


async def _at_once(queue: Queue, firms: Sequence[UUID | None]) -> int:
    """How many at most were in at a time; every second one is cancelled, wherever it is."""
    inside = most = 0

    async def enter(firm_id: UUID | None) -> None:
        nonlocal inside, most
        async with queue.place(firm_id):
            inside += 1
            most = max(most, inside)
            try:
                await asyncio.sleep(0)
            finally:
                inside -= 1

    for _ in range(3):
        entering = [asyncio.create_task(enter(firm_id)) for firm_id in firms]
        await asyncio.sleep(0)
        for task in entering[most::2]:
            task.cancel()
        async with patience():
            await asyncio.gather(*entering, return_exceptions=True)
    return most
