"""The database is away, told apart from what it refuses."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg


class Away(OSError):
    """
    It cannot be reached just now, or was lost meanwhile. Whether what was being written was done is not known.
    """


_SIGNS = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,  # it starts, or recovers
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ConnectionError,
    FileNotFoundError,  # its socket
)


@contextmanager
def reaching() -> Iterator[None]:
    """Around what talks to the database and does nothing else. Raises Away."""
    try:
        yield
    except _SIGNS as error:
        raise Away(f"{type(error).__name__}: {error}") from error
