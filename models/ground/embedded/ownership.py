"""One owner per folder: who holds the lock starts the server and stops it; everybody else attaches."""

import fcntl
import os
from pathlib import Path
from weakref import WeakSet


class Ownership:
    """An exclusive lock on a file, released by `release` or by the death of its process, kill -9 included."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a")
        _held.add(self)

    def take(self) -> bool:
        """True if it is ours now. Never waits."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let it go; idempotent."""
        self._file.close()


_held: WeakSet[Ownership] = WeakSet()


def _forget() -> None:
    for ownership in list(_held):
        ownership.release()


# A forked child shares our lock, and would keep it after we were killed. Closing its copy does not unlock ours.
os.register_at_fork(after_in_child=_forget)
