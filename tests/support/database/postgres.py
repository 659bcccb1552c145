"""
A real PostgreSQL for tests: one server per session, and on it databases cloned from a migrated template.

Fixtures: `postgres`, `migrated_template`, `database_url`. POSTGRES_MAJOR=16 runs them on 16 instead of 18.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import asyncpg
import pytest

from models.ground.embedded import Embedded

MAJOR = int(os.environ.get("POSTGRES_MAJOR", "18"))
T = TypeVar("T")
MEMORY = Path("/dev/shm")
ROOM = 1 << 30  # bytes; a container's usual 64 MB would not do
NO_FSYNC = {"fsync": "off"}  # a kill of the server loses nothing all the same, only one of the machine
QUICK_COPIES = {"wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "256MB"}


@pytest.fixture(scope="session")
def postgres() -> Iterator[Embedded]:
    """The session's server, in memory where there is room."""
    with open_folder() as folder:
        server = Embedded.start(folder, major=MAJOR, settings=NO_FSYNC | QUICK_COPIES)
        try:
            yield server
        finally:
            server.stop()
            shutil.rmtree(server.data_folder.parent)  # may be elsewhere


@pytest.fixture(scope="session")
def migrated_template(postgres: Embedded) -> str:
    """The name of a database with every migration applied and no rows."""
    from models.ground import store  # lazily: tests of the server itself need no store

    return create_template(postgres, "migrated", lambda url: run(store.migrate(url)))


@pytest.fixture
def database_url(postgres: Embedded, migrated_template: str) -> Iterator[str]:
    """A database of the test's own; dropped afterwards, with whatever is still connected to it."""
    with cloned(postgres, migrated_template) as url:
        yield url


def create_template(server: Embedded, name: str, migrate: Callable[[str], object]) -> str:
    """Make a database, let `migrate(url)` fill it, and close it: one with a connection cannot be cloned."""
    order(server, f'CREATE DATABASE "{name}"')
    migrate(server.url_of(name))
    order(server, f'ALTER DATABASE "{name}" WITH IS_TEMPLATE true ALLOW_CONNECTIONS false')
    return name


@contextmanager
def cloned(server: Embedded, template: str) -> Iterator[str]:
    """The URL of a copy of `template`, which is dropped at the end."""
    name = f"test_{uuid4().hex}"
    order(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    try:
        yield server.url_of(name)
    finally:
        order(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def order(server: Embedded, sql: str) -> None:
    """Run one statement beside the databases under test."""

    async def ordered() -> None:
        connection = await asyncpg.connect(server.url_of("postgres"))
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    run(ordered())


def run(coroutine: Coroutine[object, object, T]) -> T:
    """To the end, from anywhere: in a thread, because the test's own loop may be running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder of the installation's own that is not there yet."""
    with open_folder("var") as folder:
        yield folder


@contextmanager
def open_folder(name: str = "postgres") -> Iterator[Path]:
    """A folder that PostgreSQL's user may pass through, unlike pytest's; removed at the end.

    In memory if there is room: a clone takes 20 ms there, and 40 to 500 on a disk.
    """
    quick = MEMORY if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM else None
    outer = Path(tempfile.mkdtemp(prefix="switchboard-test-", dir=quick))
    outer.chmod(0o711)
    try:
        yield outer / name
    finally:
        shutil.rmtree(outer, ignore_errors=True)
