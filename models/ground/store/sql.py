"""SQL, for lists, loaders and bulk work. Inside a transaction it runs there, outside on a connection of the pool."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

import asyncpg
import structlog
from tortoise.connection import get_connections

from models.ground.store.away import asking, reaching, saved, unsaved
from models.ground.store.where import AFRESH, Where

SLOW = 1.0  # seconds after which a statement is worth a line in the log
log = structlog.get_logger("store")
_LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


async def rows(query: str, *args: object) -> Sequence[asyncpg.Record]:
    """
    All rows of one statement. Reads outside a transaction are tried once more after a lost connection.

    Raises Away, as all of these do; asyncpg.PostgresError where the database refuses.
    """
    client: Any = get_connections().get("default")
    for attempt in (1, 2):
        try:
            with reaching():
                async with client.acquire_connection() as connection:
                    with _noticed(query), asking(connection):
                        return await connection.fetch(query, *args)  # type: ignore[no-any-return]
        except _LOST as error:
            slow = isinstance(error.__cause__, TimeoutError)
            if attempt == 2 or slow or not _is_read(query) or hasattr(client, "transaction"):
                raise
    raise AssertionError("unreachable")


async def row(query: str, *args: object) -> asyncpg.Record | None:
    """The first row, or None."""
    records = await rows(query, *args)
    return records[0] if records else None


async def value(query: str, *args: object) -> Any:
    """The first column of the first row, or None."""
    records = await rows(query, *args)
    return records[0][0] if records else None


async def count(where: Where, source: str) -> int:
    """How many rows there are under these conditions; `source`: a whole FROM."""
    number: int = await value(where.after(f"SELECT count(*) {source}"), *where.args)
    return number


async def execute(query: str, *args: object) -> int:
    """Runs one statement and answers how many rows it touched."""
    client: Any = get_connections().get("default")
    with reaching():
        async with client.acquire_connection() as connection:
            with _noticed(query), asking(connection):
                status: str = await connection.execute(query, *args)
    last = status.rsplit(" ", 1)[-1]
    return int(last) if last.isdigit() else 0


async def measure_anew(tables: Sequence[str]) -> None:
    """
    Has PostgreSQL look at those of these tables that are twice as large as when it last did, after work that fills them
    faster than autovacuum looks (once a minute): until then everybody's statements, the plans kept of them too, are
    made for the few rows it last saw. A table that somebody measures already is left to him; one that is not ours (a
    managed database) stays as it was, and so does one that takes longer than a statement may: whoever fills it goes on.
    """
    with suppress(asyncpg.QueryCanceledError):
        await execute(_MEASURE.format(tables=", ".join(tables)))


_MEASURE = """
DO $$ DECLARE grown regclass; BEGIN
  FOR grown IN SELECT oid FROM pg_class WHERE oid = ANY('{{{tables}}}'::regclass[])
    AND pg_relation_size(oid) > 2 * relpages * current_setting('block_size')::bigint
  LOOP EXECUTE format('ANALYZE (SKIP_LOCKED) %s', grown); END LOOP;
END $$
"""


async def save_again() -> None:
    """Where nothing could be saved the last time: whether there is room by now. Raises Away."""
    if unsaved():
        await execute(_A_MEGABYTE)
        saved()


# a temporary table lies where the others do, and nothing is left of it
_A_MEGABYTE = """
DO $$ BEGIN
  CREATE TEMPORARY TABLE room ON COMMIT DROP AS
    SELECT repeat(md5(n::text), 50) AS filled FROM generate_series(1, 640) AS n;
END $$
"""


@contextmanager
def _noticed(query: str) -> Iterator[None]:
    """A slow statement is logged, without its values, beside the request's id that the log has from its context."""
    started = monotonic()
    try:
        yield
    finally:
        if (seconds := monotonic() - started) > SLOW:
            log.warning("slow statement", seconds=round(seconds, 1), statement=" ".join(query.split())[:300])


def _is_read(query: str) -> bool:
    return query.removeprefix(AFRESH).lstrip()[:6].upper() == "SELECT" and "FOR UPDATE" not in query
