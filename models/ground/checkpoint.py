"""
Named borders of what must survive being killed. With `CRASH_AT=k` in the environment the k-th one that is passed kills
the process as `kill -9` would; a test counts k up until none fires. With `CRASH_BY=SIGSTOP` it is paused there instead,
until it gets SIGCONT. Both are read here because they are no settings.
"""

import os
import signal

_left: int | None = None


def checkpoint(name: str) -> None:
    """Nothing, outside of those tests."""
    global _left
    if _left is None:
        _left = int(os.environ.get("CRASH_AT", "0"))
    if _left == 0:
        return
    _left -= 1
    if _left == 0:
        os.write(2, f"killed at {name}\n".encode())
        os.kill(os.getpid(), signal.Signals[os.environ.get("CRASH_BY", "SIGKILL")])
