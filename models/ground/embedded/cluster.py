"""The first start: a database cluster with the database "switchboard", whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from models.ground.embedded.failure import ELSE, EmbeddedFailed, explained
from models.ground.embedded.home import Home

NAME = "switchboard"  # the database and its superuser
ANY_LOCALE = (("--locale=C.UTF-8",), ("--locale=C",))  # up to 16 the system's locales; macOS may lack the first
BUILTIN = (("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),)
# Only over the socket, whose folder is closed to everybody but the server's user and root.
ACCESS = ("--auth-local=trust", "--auth-host=reject")


def ensure_cluster(home: Home, bin_: Path, *, major: int, settings: Mapping[str, str]) -> None:
    """Make the cluster if there is none. Raises EmbeddedFailed, also if an existing one is of another major version."""
    made_by = home.data / "PG_VERSION"
    if not home.data.exists():
        _create(home, bin_, major=major, synced=settings.get("fsync") != "off")
    elif made_by.read_text().strip() != str(major):
        raise EmbeddedFailed(
            f"The data in {home.data} were made by PostgreSQL {made_by.read_text().strip()}, this is {major}. "
            f"Dump them with the former and load them into a new folder. {ELSE}"
        )


def _create(home: Home, bin_: Path, *, major: int, synced: bool) -> None:
    for left in home.folder.glob("data.new-*"):  # a start was killed; its initdb, if it goes on, goes on in vain
        shutil.rmtree(left, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix="data.new-", dir=home.folder))  # renamed when complete
    os.chown(new, home.user.uid, home.user.gid)
    _initdb(home, bin_, new, locales=BUILTIN if major > 16 else ANY_LOCALE, synced=synced)
    _create_database(home, bin_, new)
    new.rename(home.data)


def _initdb(home: Home, bin_: Path, data: Path, *, locales: tuple[tuple[str, ...], ...], synced: bool) -> None:
    always = ("--encoding=UTF8", "--data-checksums", f"--username={NAME}", *ACCESS, *(() if synced else ("--no-sync",)))
    for locale in locales:
        done = home.user.run(bin_ / "initdb", "--pgdata", data, *always, *locale)
        if done.returncode == 0:
            return
    raise explained("A database could not be made", data, done.stderr)


def _create_database(home: Home, bin_: Path, data: Path) -> None:
    # Single-user mode: no server to start, and no client needed.
    done = home.user.run(bin_ / "postgres", "--single", "-D", data, "postgres", stdin=f"CREATE DATABASE {NAME}\n")
    if done.returncode or "ERROR" in done.stderr or "FATAL" in done.stderr:
        raise explained("A database could not be made", data, done.stderr)
