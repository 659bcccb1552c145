"""
`var`: the folder of all that is kept outside PostgreSQL. Other users of the machine read nothing of it.

var            0700; 0711 where root starts PostgreSQL, which runs as another user and passes through
var/files, var/demo    0700
var/key        0600, as var/key.old
var/postgres, var/dovecot    see models.ground.embedded.home

What was there already is closed where it is ours: an earlier release left it open. A folder that holds other things
too, as `SWITCHBOARD_VAR=.` or /tmp does, keeps its mode; the parts are closed all the same.
"""

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from models.ground.mendable import Mendable
from models.ground.settings import Settings

PRIVATE, PASSABLE = 0o700, 0o711
CLOSED = ("files", "demo", "key", "key.old")
PARTS = {*CLOSED, "postgres", "dovecot"}


class NoFolder(Mendable):
    """A folder cannot be made or used; says which, and what to do."""


def folder(settings: Settings, *parts: str) -> Path:
    """`var`, or a folder in it: there and closed to others when this returns. Raises NoFolder."""
    mode = PASSABLE if settings.database_url is None and _is_root() else PRIVATE
    place = settings.var.expanduser().resolve()
    try:
        _make(place, mode)
        _close_all(place, mode)
        for part in parts:
            place = place / part
            _make(place, PRIVATE)
    except OSError as error:
        raise NoFolder(
            f"The folder {place} cannot be used ({error.strerror}). Give it to the user who starts Switchboard, "
            "or name another in SWITCHBOARD_VAR."
        ) from error
    return place


def exposed(settings: Settings) -> list[Path]:
    """What other users may read: because it belongs to one of them, or is a link, or its disk knows no modes."""
    return [path for part in CLOSED if _is_open(path := settings.var / part)]


def _make(place: Path, mode: int) -> None:
    """With its parents, whatever the umask."""
    if place.is_dir():
        return
    _make(place.parent, mode)
    try:
        place.mkdir(mode)
        place.chmod(mode)
    except FileExistsError:  # another start was faster
        if not place.is_dir():
            raise


def _close_all(place: Path, mode: int) -> None:
    for part in CLOSED:
        _close(place / part, PRIVATE)
    if {path.name for path in place.iterdir()} <= PARTS:
        _close(place, mode)


def _close(path: Path, mode: int) -> None:
    """Where it is ours. A link is somebody's choice, or somebody's trap: it is left alone."""
    if sys.platform == "win32":
        return
    with suppress(OSError):  # not there; or a disk without modes, of which `switchboard doctor` speaks
        status = path.lstat()
        if status.st_uid == os.geteuid() and not stat.S_ISLNK(status.st_mode):
            path.chmod(mode if stat.S_ISDIR(status.st_mode) else mode & 0o666)


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _is_open(path: Path) -> bool:
    try:
        return sys.platform != "win32" and bool(path.stat().st_mode & 0o077)
    except OSError:
        return False
