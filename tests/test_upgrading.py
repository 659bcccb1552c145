"""A database that an older release left is brought up to date, wherever the migrations lie today."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import pytest
from tortoise import Tortoise
from tortoise.connection import get_connections
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from models.ground import migrations, store
from models.ground.embedded import Embedded
from models.ground.store.connection import tortoise_config
from tests.support.database.postgres import order, run

LAST = "0008_keys_that_are_found"
ROWS = Path(__file__).parent / "databases" / "846224c.sql"
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture
def older(postgres: Embedded) -> Iterator[str]:
    """The URL of a database as release 846224c left it: its tables, its rows, its record of migrations."""
    name = f"older_{uuid4().hex}"
    order(postgres, f'CREATE DATABASE "{name}"')
    try:
        run(_leave(postgres.url_of(name)))
        yield postgres.url_of(name)
    finally:
        order(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _leave(url: str) -> None:
    await _migrate_up_to_last(url)
    database = await asyncpg.connect(url)
    try:
        await database.execute("TRUNCATE tortoise_migrations")
        await database.execute(ROWS.read_text())
    finally:
        await database.close()


async def _migrate_up_to_last(url: str) -> None:
    config = tortoise_config(url)
    with await Tortoise.init(config=config):
        try:
            executor = MigrationExecutor(get_connections().get("default"), config["apps"])
            await executor.migrate([MigrationTarget("models", LAST)], direction="forward")
        finally:
            await Tortoise.close_connections()


async def _rows(url: str) -> Rows:
    database = await asyncpg.connect(url)
    try:
        tables = await database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name: await _rows_of(database, name) for (name,) in tables}
    finally:
        await database.close()


async def _rows_of(database: asyncpg.Connection, table: str) -> list[dict[str, Any]]:
    rows = await database.fetch(f'SELECT to_jsonb(t) FROM "{table}" t ORDER BY to_jsonb(t)::text')
    return [orjson.loads(row[0]) for row in rows]


def _kept(before: Rows, after: Rows) -> Rows:
    """Of what was there before, what still is: of each row the columns that it had."""
    return {table: [row for row in rows if _is_among(row, after.get(table, []))] for table, rows in before.items()}


def _is_among(row: dict[str, Any], rows: list[dict[str, Any]]) -> bool:
    return any(row.items() <= other.items() for other in rows)


def _names(rows: Rows) -> list[str]:
    return [record["name"] for record in rows["tortoise_migrations"]]


def test_a_database_from_before_the_move_gets_the_later_migrations_alone_and_loses_nothing(older: str) -> None:
    before = run(_rows(older))
    assert max(_names(before)) == LAST
    assert all(before[table] for table in ("firm", "account", "email_address", "toggles", "invitation", "letter"))
    files = sorted(path.stem for path in Path(migrations.__path__[0]).glob("0*.py"))
    assert run(store.migrate(older)) == [name for name in files if name > LAST]
    after = run(_rows(older))
    assert _kept(before, after) == before
    assert sorted(_names(after)) == files
    assert run(store.migrate(older)) == []
    assert run(_rows(older)) == after
