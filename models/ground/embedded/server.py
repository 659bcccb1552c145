"""Embedded: one PostgreSQL server of our own under a folder."""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from models.ground.embedded.cluster import NAME, ensure_cluster
from models.ground.embedded.failure import EmbeddedFailed, explained
from models.ground.embedded.home import Home, find_home
from models.ground.embedded.ownership import Ownership
from models.ground.embedded.postmaster import Child, Postmaster
from models.ground.embedded.programs import programs

SURVIVORS = "is still in use"  # children of a server killed with -9, which end in a moment
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
PATIENT_STOP = 20.0  # seconds for a checkpoint; then it is stopped without one, and recovers at its next start


class Embedded:
    """One PostgreSQL server of our own under a folder.

    Its owner, the first process to start it, stops it; others on the same folder attach, and lose it when the owner
    stops. A server left behind by a killed owner is adopted by the next start. No TCP: over a socket in a 0700 folder.
    """

    @classmethod
    def start(
        cls, folder: Path, *, major: int = 18, settings: Mapping[str, str] = NO_SETTINGS, patience: float = 60.0
    ) -> "Embedded":
        """Make it if new, start it if it does not run, and return when it answers. Blocks: 0.1 s, or 0.8 s if new.

        `major` is 16 or 18; `settings` are PostgreSQL's, over ours; `patience` in seconds.
        Raises EmbeddedFailed, in plain words. Safe from any thread, and from several processes at once.
        """
        try:
            home = find_home(folder)
            server = cls(home, programs(major, user=home.user, home=home.folder), settings)
            server._start(major, patience)
        except OSError as error:
            raise explained("PostgreSQL's files cannot be used", folder, str(error)) from error
        return server

    def __init__(self, home: Home, bin_: Path, settings: Mapping[str, str]) -> None:
        """Use `start`."""
        self._home, self._bin, self._settings = home, bin_, settings
        self.ownership = Ownership(home.lock)
        self._child: Child | None = None
        self._url = ""
        self.owned = False

    @property
    def url(self) -> str:
        """Of the database "switchboard": for Tortoise, asyncpg and broadcaster alike. Holds no secret."""
        return self.url_of(NAME)

    def url_of(self, database: str) -> str:
        """Of another database on this server."""
        return self._url.format(database=quote(database, safe=""))

    @property
    def data_folder(self) -> Path:
        """Where the data are: under the folder asked for, or elsewhere if the server's user could not reach that."""
        return self._home.data

    @property
    def running(self) -> bool:
        """True while it answers: neither starting nor stopping nor gone."""
        postmaster = Postmaster.of(self._home.data)
        return postmaster is not None and postmaster.ready

    def stop(self) -> None:
        """Fast shutdown if this process owns it, else leave it running. Idempotent. Raises EmbeddedFailed, OSError."""
        if self.owned:
            self._end(signal.SIGINT, signal.SIGQUIT)
            self._home.tidy()
        self.owned = False
        self.ownership.release()

    def kill_immediate(self) -> None:
        """For fault tests: end it as a crash does, without a checkpoint (`pg_ctl stop -m immediate`)."""
        self._end(signal.SIGQUIT)

    def restart_immediately(self) -> None:
        """For fault tests: `pg_ctl restart -m immediate`; returns when it answers again."""
        self.kill_immediate()
        self._run(time.monotonic() + 60)

    def _start(self, major: int, patience: float) -> None:
        try:
            self._claim(major, patience)
        except BaseException:
            if self._child:
                self._child.let_go()
                with suppress(OSError):  # what failed the start may fail this too; the server still dies with us
                    self._end(signal.SIGINT, signal.SIGQUIT)
            self.ownership.release()
            raise

    def _claim(self, major: int, patience: float) -> None:
        deadline = time.monotonic() + patience
        for _ in _until(deadline):
            if self.ownership.take():
                ensure_cluster(self._home, self._bin, major=major, settings=self._settings)
                self._run(deadline)
                self.owned = True
                return
            if self._attached():
                return
        raise EmbeddedFailed(f"Another process has been starting PostgreSQL in {self._home.folder} for {patience:g} s.")

    def _run(self, deadline: float) -> None:
        """As the owner: adopt the server that runs, or wait until it has stopped and start a new one."""
        self._child = None
        for _ in _until(deadline):
            if self._attached():
                if self._child:
                    self._child.keep()
                return
            if self._child is None and Postmaster.of(self._home.data) is None:
                self._child = Child(self._home, self._bin, self._settings)
            if self._child and not self._child.alive:
                if SURVIVORS not in self._last_words():
                    break
                self._child = None
        raise explained("PostgreSQL did not start", self._home.data, self._last_words())

    def _attached(self) -> bool:
        postmaster = Postmaster.of(self._home.data)
        if postmaster is None or not postmaster.ready:
            return False
        host = quote(str(postmaster.sockets), safe="/")
        self._url = f"postgres://{NAME}@/{{database}}?host={host}&port={postmaster.port}"
        return True

    def _end(self, *signals: signal.Signals) -> None:
        if self._child:
            self._child.let_go()
        if not any(self._ended_by(how) for how in signals):
            raise EmbeddedFailed(f"PostgreSQL in {self._home.data} does not end. See its log there.")

    def _ended_by(self, how: signal.Signals) -> bool:
        signalled = 0
        for _ in _until(time.monotonic() + PATIENT_STOP):
            postmaster = Postmaster.of(self._home.data)
            if postmaster is None and (self._child is None or self._child.wait(0.1)):
                return True
            if postmaster and postmaster.pid != signalled:
                signalled = postmaster.pid
                with suppress(ProcessLookupError):
                    os.kill(signalled, how)
        return False

    def _last_words(self) -> str:
        logs = sorted((self._home.data / "log").glob("*.log"), key=lambda log: log.stat().st_mtime)
        texts = (log.read_text(errors="replace") for log in (*logs[-1:], self._home.start_log) if log.exists())
        trouble = self._child.trouble if self._child else ""
        return "\n".join(line for text in (*texts, trouble) for line in text.splitlines() if " LOG: " not in line)


def _until(deadline: float) -> Iterator[None]:
    while time.monotonic() < deadline:
        yield
        time.sleep(0.01)
