"""The database is away, told apart from what it refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from tortoise.exceptions import TransactionManagementError

SILENT = "The database does not answer."


class Away(OSError):
    """
    It cannot be reached just now, was lost meanwhile, or has no room. Whether what was being written was done is not
    known. `why`: in plain words, with what to do where something is to be done.
    """

    what = "The database"

    def __init__(self, message: str, why: str = SILENT) -> None:
        super().__init__(message)
        self.why = why


_LACKS = {  # PostgreSQL's classes 53 and 58, and a server that only follows another
    asyncpg.DiskFullError: "The disk of the database is full: nothing can be saved. Make room there.",
    asyncpg.PostgresIOError: "The disk of the database cannot be read or written. Look into the database's log.",
    asyncpg.ReadOnlySQLTransactionError: "The database takes no changes: it follows another server, or was told so.",
    asyncpg.TooManyConnectionsError: "The database has no connection left. Raise its max_connections, or lower"
    " SWITCHBOARD_POOL_SIZE of each process.",
    asyncpg.OutOfMemoryError: "The database is out of memory. Give its machine more, or lower its max_connections.",
    asyncpg.InsufficientResourcesError: "The database is at one of its own limits. Look into the database's log.",
    asyncpg.CannotConnectNowError: "The database starts, stops or recovers. It will be back by itself.",
}
_SAVES_NOTHING = (asyncpg.DiskFullError, asyncpg.PostgresIOError, asyncpg.ReadOnlySQLTransactionError)
_GONE = (
    asyncpg.PostgresConnectionError,  # class 08
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.DatabaseDroppedError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    *_LACKS,
)
_LOST = (asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg says of a connection that has gone, and of mistakes of ours, too."""
_unsaved: str | None = None


@contextmanager
def reaching() -> Iterator[None]:
    """Around what takes a connection and does nothing else. Raises Away."""
    try:
        with asking():
            yield
    except Away:
        raise
    except OSError as error:  # refused, no such socket, no such host, too slow
        raise _away(error) from error


@contextmanager
def asking(connection: Any = None) -> Iterator[None]:
    """Around statements on `connection`, and whatever else is done between them. Raises Away."""
    try:
        yield
    except (*_GONE, TransactionManagementError) as error:
        cause = error.__cause__ if isinstance(error, TransactionManagementError) else error
        if not isinstance(cause, _GONE):
            raise
        raise _away(cause) from error
    except _LOST as error:
        if connection is None or not is_lost(connection):
            raise
        raise _away(error) from error


def is_lost(connection: Any) -> bool:
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:  # lost between two statements: the pool has taken it back
        return True


def why(error: BaseException) -> str:
    """In plain words, for whoever runs it."""
    if isinstance(error, Away):
        return error.why
    return next((words for kind, words in _LACKS.items() if isinstance(error, kind)), SILENT)


def _away(error: Exception) -> Away:
    global _unsaved
    if isinstance(error, _SAVES_NOTHING):
        _unsaved = why(error)
    return Away(f"{type(error).__name__}: {error}", why(error))


def unsaved() -> str | None:
    """Why nothing can be saved, as far as this process knows: reads may go on all the same."""
    return _unsaved


def saved() -> None:
    """Something could be saved: what kept us from it is over."""
    global _unsaved
    _unsaved = None
