"""A real Dovecot 2.3 in a temporary folder, for one test: loopback, user "anna", password "secret", TLS on request.

with dovecot(certificate) as server: …    # skips the test, with the reason, where there is no Dovecot
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from mail.demo.dovecot import Dovecot as Server
from mail.demo.dovecot import NoDovecot, must_be_installed
from models.ground.embedded.programs import server_user
from tests.processes import a_free_port

USERNAME, PASSWORD = "anna", "secret"


@dataclass(frozen=True)
class Dovecot:
    """`mail`: the Maildir of "anna"."""

    port: int
    mail: Path


@contextmanager
def dovecot(certificate: Path | None = None) -> Iterator[Dovecot]:
    """`certificate` is a PEM file with its key; with it, STARTTLS is offered."""
    skip_without_dovecot()
    # not in tmp_path: `nobody` could not enter
    home = Path(tempfile.mkdtemp(prefix="dovecot-mail-"))
    try:
        user = server_user(home / "none")
        shutil.chown(home, user.uid, user.gid)
        server = Server(home, user, a_free_port(), {USERNAME: PASSWORD}, sent="Gesendete Post", certificate=certificate)
        with server.running():
            yield Dovecot(server.port, home / USERNAME)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def skip_without_dovecot() -> None:
    try:
        must_be_installed()
    except NoDovecot as reason:
        pytest.skip(str(reason))
