"""A PostgreSQL that fails in the middle of a statement, or ends connections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from models.ground import store

FAILS = "CREATE FUNCTION fails() RETURNS {returns} LANGUAGE plpgsql AS $$ BEGIN {how}; {end} END $$"


@asynccontextmanager
async def failing(event: str, table: str, how: str) -> AsyncIterator[None]:
    """`event`: what a trigger waits for, as in `INSERT`; `how`: what PL/pgSQL then does."""
    await store.execute(FAILS.format(returns="trigger", how=how, end="RETURN NEW;"))
    await store.execute(f"CREATE TRIGGER fails BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION fails()")
    try:
        yield
    finally:
        await store.execute("DROP FUNCTION fails CASCADE")


async def end_others(connection: "asyncpg.Connection[asyncpg.Record]", *, wait: int = 0) -> None:
    """The database ends every connection to it but this one, and waits so many milliseconds for each."""
    await connection.execute(
        f"SELECT pg_terminate_backend(pid, {wait}) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


async def end_all(url: str) -> None:
    """The same from outside: whoever has a connection loses it."""
    other = await asyncpg.connect(url)
    await end_others(other, wait=5000)
    await other.close()
