"""All that a database holds, to look for what must not be there."""

import asyncpg


async def dump(url: str) -> str:
    """Every row of every table, as text."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        rows = [await connection.fetch(f'SELECT t::text AS row FROM "{name}" t') for (name,) in tables]
        return "\n".join(row["row"] for found in rows for row in found)
    finally:
        await connection.close()
