"""
How long tests wait; and two transactions at the same time, in an order that a test chooses: one is held open, the
other waits for it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import asyncpg

from models.ground import store

PATIENCE = 60.0
"""
Seconds that anything may take before a test gives up. Where all goes well nobody waits that long, and a machine that
is busy with other things is no failure: a test asserts what happens and in which order, `bench/` measures how soon.
"""

NEVER = 100 * PATIENCE
"""Seconds for a limit that must not be what ends something: another reason has to, while a test has patience."""


def patience() -> asyncio.Timeout:
    return asyncio.timeout(PATIENCE)


@asynccontextmanager
async def held(work: Awaitable[object]) -> AsyncIterator[None]:
    """`work` is done, in a transaction that is committed at the end."""
    done, go_on = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        try:
            async with store.transaction():
                await work
                done.set()
                await go_on.wait()
        finally:
            done.set()

    running = asyncio.create_task(run())
    await done.wait()
    try:
        yield
    finally:
        go_on.set()
        await running


async def waiting(url: str) -> int:
    """Statements that wait for a lock in the test's database."""
    connection = await asyncpg.connect(url)
    try:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return count
    finally:
        await connection.close()


async def until_waiting(url: str, count: int) -> None:
    async with patience():
        while await waiting(url) != count:  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.01)
