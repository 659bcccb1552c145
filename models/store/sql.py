"""SQL, for lists, loaders and bulk work. Inside a transaction it runs there, outside on a connection of the pool."""

from collections.abc import Sequence
from typing import Any

import asyncpg
from tortoise.connection import get_connections


async def rows(query: str, *args: object) -> Sequence[asyncpg.Record]:
    """All rows of one statement. Reads outside a transaction are tried once more after a lost connection."""
    client: Any = get_connections().get("default")
    for attempt in (1, 2):
        try:
            async with client.acquire_connection() as connection:
                return await connection.fetch(query, *args)  # type: ignore[no-any-return]
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError):
            if attempt == 2 or not _is_read(query) or hasattr(client, "transaction"):
                raise
    raise AssertionError("unreachable")


async def row(query: str, *args: object) -> asyncpg.Record | None:
    """The first row, or None."""
    found = await rows(query, *args)
    return found[0] if found else None


async def value(query: str, *args: object) -> Any:
    """The first column of the first row, or None."""
    found = await rows(query, *args)
    return found[0][0] if found else None


async def execute(query: str, *args: object) -> int:
    """Runs one statement and answers how many rows it touched."""
    client: Any = get_connections().get("default")
    async with client.acquire_connection() as connection:
        status: str = await connection.execute(query, *args)
    last = status.rsplit(" ", 1)[-1]
    return int(last) if last.isdigit() else 0


def _is_read(query: str) -> bool:
    return query.lstrip()[:6].upper() == "SELECT" and "FOR UPDATE" not in query
