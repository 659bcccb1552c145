"""
The store for tests: open, and empty. Fixtures: `store`, `own_store`, `no_store`.

Tests take turns in one database and in the connections of its pool: to clone another and to connect to it takes 100 ms,
and as long again until PostgreSQL has made its plans; to empty this one takes 3.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tortoise.connection import get_connections

from models import password_reset, session, unsubscribe
from models.ground import clock, files, keys
from models.ground import store as database
from models.ground.embedded import Embedded
from models.ground.settings import Settings
from models.invitation import asking
from tests.support.database.postgres import cloned

KEY = bytes(range(32))


@pytest.fixture
async def store(kept_database: str, tmp_path: Path) -> AsyncIterator[str]:
    """
    The store, open on an empty database; its URL.

    A test that changes tables, or what a migration wrote, takes `own_store`.
    """
    await _begin(tmp_path)
    if not database.is_open():
        await database.open_store(kept_database)
    await emptied()
    yield kept_database
    clock.set_source(None)


def firms_key(firm_id: UUID) -> keys.Key:
    """Of a firm that this process has met."""
    return keys.firms()[firm_id]


@pytest.fixture
async def own_store(no_store: None, database_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """The same on a database of the test's own."""
    await _begin(tmp_path)
    await database.open_store(database_url)
    yield database_url
    clock.set_source(None)


@pytest.fixture
async def no_store() -> AsyncIterator[None]:
    """For a test that opens the store itself."""
    await database.close()
    yield
    await database.close()


@pytest.fixture(scope="session", autouse=True)
async def closed_at_the_end() -> AsyncIterator[None]:
    yield
    await database.close()


async def _begin(var: Path) -> None:
    keys.use(KEY)
    files.open_files(Settings(var=var))
    clock.set_source(None)
    await session.attempts.forget()
    await password_reset.attempts.forget()
    await asking.attempts.forget()
    await unsubscribe.attempts.forget()


@pytest.fixture(scope="session")
def kept_database(postgres: Embedded, migrated_template: str) -> Iterator[str]:
    """The one that tests take turns in, each after `emptied()`."""
    with cloned(postgres, migrated_template) as url:
        yield url


async def emptied() -> None:
    """The open store has the rows of a new one again: none. Whoever else was connected to its database is gone."""
    pool: Any = get_connections().get("default")._pool
    ours = [holder._con.get_server_pid() for holder in pool._holders if holder.is_connected()]
    await database.rows(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> ALL($1)",
        ours,
    )
    await database.execute(EMPTY)


EMPTY = """
DO $$
DECLARE name text;
BEGIN
    SET LOCAL session_replication_role = replica; -- in any order, whatever names whatever
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
END $$
"""
