"""What the tests of the embedded server share."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from models.ground.embedded import Embedded
from tests.support.database.postgres import MAJOR, NO_FSYNC, open_folder, run
from tests.support.waiting import PATIENCE


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as made:
        yield made


def start(folder: Path, *, major: int = MAJOR) -> Embedded:
    return Embedded.start(folder, major=major, settings=NO_FSYNC)


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def ask(server: Embedded, sql: str) -> object:
    async def asked() -> object:
        connection = await asyncpg.connect(server.url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return run(asked())


def processes_of(data: Path) -> list[int]:
    """Every process of the server on `data`: the postmaster by its command, its children by their working folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == data:
                found.append(int(process.name))
        except OSError:
            continue
    return found
