"""A disk that is soon full: a file system of its own, in memory."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

Room = Callable[[], None]


@contextmanager
def small_disk(folder: Path, *, kilobytes: int, owner: int = 0) -> Iterator[Room]:
    """Over `folder`, of so much until somebody makes room. Skips where this process may mount nothing."""
    mount = shutil.which("mount") or pytest.skip("there is no `mount` here")
    options = f"size={kilobytes}k,mode=700,uid={owner}"
    told = subprocess.run([mount, "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True)
    if told.returncode:
        pytest.skip(f"nothing may be mounted here, so no disk gets full: {told.stderr.strip()}")

    def room() -> None:
        subprocess.run([mount, "-o", "remount,size=100m", folder], check=True)

    try:
        yield room
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
