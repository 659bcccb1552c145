"""Where a server's files live: in the folder asked for, or elsewhere if the server's user cannot reach that.

<home>/data      the database cluster, with data/log; 0700, the server user's
<home>/run       the socket; 0700, the server user's
<home>/owner.lock, start.log    ours
<folder>/elsewhere -> <home>    only where root's folder was out of the unprivileged user's reach
"""

import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from models.ground.embedded.failure import ELSE, EmbeddedFailed
from models.ground.embedded.programs import User, server_user

ROOTS_OWN = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 - the folder in it is checked to be ours
SHORT = Path("/tmp")  # noqa: S108 - likewise; and not TMPDIR, which may be long or out of the user's reach
SOCKET = ".s.PGSQL.5432"
LONGEST = 100  # bytes of a socket's path; the system's limit is 108 on Linux, 104 on macOS


@dataclass(frozen=True)
class Home:
    """A folder that the server's user can reach, and that user."""

    folder: Path
    user: User

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def lock(self) -> Path:
        return self.folder / "owner.lock"

    @property
    def start_log(self) -> Path:
        return self.folder / "start.log"

    def sockets(self) -> Path:
        """The socket's folder, made if need be: here, or in the temp folder if the path is long or would need quoting.

        Raises EmbeddedFailed if what is there is not a private folder of the server's user.
        """
        here = self.folder / "run"
        if len(os.fsencode(here / SOCKET)) <= LONGEST and re.fullmatch(r"[\w./-]+", str(here), re.ASCII):
            return _private(here, self.user)
        return _private(SHORT / f"switchboard-{self.user.uid}-{_short(self.folder)}", self.user)

    def tidy(self) -> None:
        """Remove the socket's folder from the shared temp folder, if it was there."""
        sockets = self.sockets()
        if sockets.parent == SHORT:
            sockets.rmdir()


def find_home(folder: Path) -> Home:
    """Settle where, and remember it. Raises EmbeddedFailed if nowhere will do, and OSError."""
    folder = folder.expanduser().resolve()
    link = folder / "elsewhere"
    _make(folder)
    place = link.readlink() if link.is_symlink() else folder
    user = server_user(place / "data")
    if place == folder and not user.is_me and not (place / "data").exists():
        place = _reachable(folder, user)
    if place != folder:
        _remember(link, _make(place))
    return Home(place, user)


def _reachable(folder: Path, user: User) -> Path:
    places = (folder, *(root / f"switchboard-{_short(folder)}" for root in ROOTS_OWN))
    for place in places:
        try:
            probe = _private(_make(place) / "run", user)
        except (OSError, EmbeddedFailed):
            continue
        if user.can_write_in(probe):
            return place
        probe.rmdir()
    tried = ", ".join(str(place) for place in places)
    raise EmbeddedFailed(
        f"User number {user.uid}, who is to run PostgreSQL, can own a folder in none of {tried}. {ELSE}"
    )


def _make(folder: Path) -> Path:
    """A folder of ours; passable for the server's user if we are root. Never touches one that was there."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    elif folder.parent in ROOTS_OWN and folder.lstat().st_uid != os.geteuid():
        raise EmbeddedFailed(f"{folder} belongs to somebody else. {ELSE}")
    return folder


def _private(folder: Path, user: User) -> Path:
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    status = folder.lstat()  # lstat: somebody's link in a shared temp folder is refused
    private = stat.S_ISDIR(status.st_mode) and status.st_mode & 0o777 == 0o700
    if not private or status.st_uid not in (user.uid, os.geteuid()):
        raise EmbeddedFailed(f"{folder} is not a private folder of user number {user.uid}. Remove it.")
    if status.st_uid != user.uid:
        os.chown(folder, user.uid, user.gid)
    return folder


def _remember(link: Path, place: Path) -> None:
    with suppress(FileExistsError):  # another start was faster, and came to the same place
        link.symlink_to(place)


def _short(folder: Path) -> str:
    return sha256(os.fsencode(folder)).hexdigest()[:12]
