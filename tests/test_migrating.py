"""Migrations are applied without what none of them asks for, and lead where Tortoise's own executor leads."""

import asyncpg
from tortoise import Tortoise
from tortoise.connection import get_connections
from tortoise.migrations.executor import MigrationExecutor

from models.ground.embedded import Embedded
from models.ground.store.connection import tortoise_config
from tests.support.database.postgres import cloned, create_template, run

COLUMNS = """
SELECT table_name, ordinal_position, column_name, data_type, character_maximum_length, is_nullable, column_default
FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
"""


async def _migrate_as_tortoise_does(url: str) -> None:
    config = tortoise_config(url)
    with await Tortoise.init(config=config):
        await MigrationExecutor(get_connections().get("default"), config["apps"]).migrate()
        await Tortoise.close_connections()


async def _what_there_is(url: str) -> list[tuple[object, ...]]:
    database = await asyncpg.connect(url)
    try:
        return [tuple(row) for query in (COLUMNS, INDEXES, CONSTRAINTS) for row in await database.fetch(query)]
    finally:
        await database.close()


def test_a_database_is_as_tortoises_own_executor_makes_it(postgres: Embedded, migrated_template: str) -> None:
    theirs = create_template(postgres, "as_tortoise_does", lambda url: run(_migrate_as_tortoise_does(url)))
    with cloned(postgres, migrated_template) as ours_at, cloned(postgres, theirs) as theirs_at:
        ours = run(_what_there_is(ours_at))
        assert ours == run(_what_there_is(theirs_at))
        assert len(ours) > 1_000, "or this proves nothing"
