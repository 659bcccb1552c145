"""A real Dovecot 2.3 in a temporary folder, for one test or several: loopback, password "secret", TLS on request.

with dovecot(certificate) as server: …    # skips the test, with the reason, where there is no Dovecot

Users: "anna", and for tests that share a server `server.somebody()`, each time somebody else.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import psutil
import pytest

from mail.demo.dovecot import Dovecot as Server
from mail.demo.dovecot import NoDovecot, must_be_installed
from models.ground.embedded.programs import server_user
from tests.support.processes.switchboard import a_free_port

USERNAME, PASSWORD = "anna", "secret"
OTHERS = [f"user{number}" for number in range(500)]


class Dovecot:
    """`mail`: the Maildir of "anna"."""

    def __init__(self, server: Server) -> None:
        self.port, self.mail = server.port, server.mail / USERNAME
        self._server, self._running, self._others = server, ExitStack(), count()
        self._start()

    def _start(self) -> None:
        before = {child.pid for child in psutil.Process().children()}
        self._running.enter_context(self._server.running())
        mine = [child for child in psutil.Process().children() if child.name() == "dovecot"]
        (self._master,) = [child for child in mine if child.pid not in before]

    def somebody(self) -> str:
        """A user who has no mail yet."""
        return OTHERS[next(self._others)]

    def grant(self, username: str, token: str) -> None:
        """From now on this access token signs the user in (XOAUTH2), and none that was granted before."""
        self._server.forget(username)
        self._server.grant(username, token)

    def crash(self) -> None:
        """kill -9 of all of it; and it is started again."""
        for process in (self._master, *self._master.children(recursive=True)):
            process.kill()
        self.stop()
        self._start()

    def stop(self) -> None:
        self._running.close()


@contextmanager
def dovecot(certificate: Path | None = None) -> Iterator[Dovecot]:
    """`certificate` is a PEM file with its key; with it, STARTTLS is offered."""
    skip_without_dovecot()
    # not in tmp_path: `nobody` could not enter
    home = Path(tempfile.mkdtemp(prefix="dovecot-mail-"))
    tokens = Path(tempfile.mkdtemp(prefix="dovecot-tokens-"))
    try:
        user = server_user(home / "none")
        shutil.chown(home, user.uid, user.gid)
        passwords = dict.fromkeys([USERNAME, *OTHERS], PASSWORD)
        at = Server(home, user, a_free_port(), passwords, "Gesendete Post", certificate, tokens)
        server = Dovecot(at)
        try:
            yield server
        finally:
            server.stop()
    finally:
        for folder in (home, tokens):
            shutil.rmtree(folder, ignore_errors=True)


def skip_without_dovecot() -> None:
    try:
        must_be_installed()
    except NoDovecot as reason:
        pytest.skip(str(reason))
