"""
One transaction per write, safe against cancellation.

Tortoise's own leaks the pooled connection when a request is cancelled during BEGIN; ours gives it back whatever
happens, and lets BEGIN, COMMIT and ROLLBACK finish before the cancellation goes on, however often it is said.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from typing import Any
from uuid import UUID

import asyncpg
from tortoise.backends.asyncpg.client import TransactionWrapper
from tortoise.connection import get_connections

from models.ground.store.away import Away, asking, reaching, saved
from models.ground.store.queue import Queue


class Transaction:
    """What goes on between BEGIN and COMMIT. `cursor` is the journal position of the change, once committed."""

    def __init__(self) -> None:
        self.cursor: int | None = None
        self._last_words: dict[str, Callable[[], Awaitable[None]]] = {}
        self._afterwards: list[Callable[[], None]] = []

    def at_the_end(self, name: str, say: Callable[[], Awaitable[None]]) -> None:
        """Runs `say` as the last statement before COMMIT; once per name."""
        self._last_words.setdefault(name, say)

    def after_commit(self, do: Callable[[], None]) -> None:
        """Calls `do` once the change is durable, also when the caller has been cancelled; never after a rollback."""
        self._afterwards.append(do)

    async def say_last_words(self) -> None:
        for say in self._last_words.values():
            await say()

    async def commit(self, wrapper: TransactionWrapper) -> None:
        await wrapper.commit()
        saved()
        for do in self._afterwards:
            do()


_current: ContextVar[Transaction | None] = ContextVar("transaction", default=None)


def current() -> Transaction:
    """The transaction that this code runs in. Raises RuntimeError outside of one: a bug of ours."""
    if (open_one := _current.get()) is None:
        raise RuntimeError("this must run inside a transaction")
    return open_one


queue = Queue(connections=10)


def queue_for(connections: int) -> None:
    """Makes the queue for a pool that was opened just now."""
    global queue
    queue = Queue(connections)


@asynccontextmanager
async def transaction(firm_id: UUID | None = None) -> AsyncIterator[Transaction]:
    """
    All or nothing. Inside another one it is part of that one. No network, no `gather`, no task that outlives it.

    `firm_id`: whose writers it queues with; None where it is of no firm.

    Raises whatever the block raises, after ROLLBACK; Away, also where it is lost during COMMIT, whose outcome is not
    known then; asyncpg.PostgresError where the database refuses.
    """
    if (outer := _current.get()) is not None:
        yield outer
        return
    inner = Transaction()
    handler = get_connections()
    async with queue.place(firm_id), _connection() as wrapper:
        connection_token = handler.set("default", wrapper)
        token = _current.set(inner)
        try:
            with asking(wrapper._connection):
                yield inner
                await inner.say_last_words()
        except BaseException:
            await _roll_back(wrapper)
            raise
        else:
            with reaching(), asking(wrapper._connection):
                await _finish(inner.commit(wrapper))
        finally:
            _current.reset(token)
            handler.reset(connection_token)


async def _roll_back(wrapper: TransactionWrapper) -> None:
    """A lost connection has rolled back by itself; what came first is what goes on."""
    with suppress(Away), asking(wrapper._connection):
        await _finish(wrapper.rollback())


@asynccontextmanager
async def _connection() -> AsyncIterator[TransactionWrapper]:
    client: Any = get_connections().get("default")
    if client._pool is None:
        await client.create_connection(with_db=True)
    pool = client._pool
    with reaching():
        connection = await pool.acquire()
    try:
        wrapper = TransactionWrapper(client)
        wrapper._connection = connection
        await _begin(wrapper)
        yield wrapper
    finally:
        await _finish(pool.release(connection))


async def _begin(wrapper: TransactionWrapper) -> None:
    """Where we are cancelled meanwhile nothing stays begun: the pool would complain of it."""
    try:
        with reaching():
            await _finish(wrapper.begin())
    except asyncio.CancelledError:
        with suppress(asyncpg.InterfaceError):  # it had not begun
            await _roll_back(wrapper)
        raise


async def _finish(step: Awaitable[None]) -> None:
    """Awaits `step` to its end however often we are cancelled meanwhile, then lets the cancellation go on."""
    task = asyncio.ensure_future(step)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    if not cancelled:
        return task.result()
    if not task.cancelled():
        task.exception()  # seen: whoever is cancelled is told of nothing else
    raise asyncio.CancelledError
