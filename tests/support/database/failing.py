"""A PostgreSQL that fails in the middle of a statement."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
