"""A PostgreSQL of the test's own."""

from collections.abc import Iterator

import pytest

from models.ground import store
from models.ground.embedded import Embedded
from tests.support.database.postgres import MAJOR, NO_FSYNC, open_folder, run


@pytest.fixture
def own_postgres() -> Iterator[Embedded]:
    """A server that the test may bring down."""
    with open_folder() as folder:
        server = Embedded.start(folder, major=MAJOR, settings=NO_FSYNC)
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def own_database(own_postgres: Embedded) -> str:
    """The URL of the migrated database there."""
    run(store.migrate(own_postgres.url))
    return own_postgres.url
