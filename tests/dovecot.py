"""A real Dovecot 2.3 in a temporary folder, for one test: loopback, user "anna", password "secret", TLS on request.

    with dovecot(certificate) as server: …    # skips the test, with the reason, where there is no Dovecot

Started by root it runs as `nobody`, as whom it needs no rights at all; started by anybody else, as that user.
"""

import getpass
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes import a_free_port
from tests.waiting import PATIENCE

USERNAME, PASSWORD = "anna", "secret"

_CONFIG = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
default_vsz_limit = 0
first_valid_uid = 0
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{home}/mail
mail_uid = {user}
mail_gid = {group}
ssl = {tls}
{certificate}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={home}
}}
namespace inbox {{
  inbox = yes
  mailbox "Gesendete Post" {{
    auto = create
    special_use = \\Sent
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True)
class Dovecot:
    port: int
    home: Path


@contextmanager
def dovecot(certificate: Path | None = None) -> Iterator[Dovecot]:
    """`certificate` is a PEM file with its key; with it, STARTTLS is offered."""
    binary = _binary()
    user, group = _user()
    home = Path(
        tempfile.mkdtemp(prefix="dovecot-")
    )  # not in tmp_path: `nobody` could not enter, sockets' paths are short
    try:
        lines = _keep_certificate(certificate, home)
        config, port = home / "dovecot.conf", a_free_port()
        config.write_text(
            _CONFIG.format(
                home=home,
                user=user,
                group=group,
                port=port,
                password=PASSWORD,
                tls="yes" if certificate else "no",
                certificate=lines,
            )
        )
        if os.geteuid() == 0:
            for path in (home, *home.iterdir()):
                shutil.chown(path, user, group)
        with _running([binary, "-F", "-c", str(config)], user, group, home / "log"):
            _wait(port, home / "log")
            yield Dovecot(port, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _binary() -> str:
    binary = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
    if not binary:
        pytest.skip("Dovecot is not installed (Debian: apt-get install dovecot-imapd)")
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    if not version.startswith("2.3."):
        pytest.skip(f"Dovecot 2.3 is needed, this is {version.split()[0]}: its settings are written otherwise")
    return binary


def _user() -> tuple[str, str]:
    name = "nobody" if os.geteuid() == 0 else getpass.getuser()
    return name, grp.getgrgid(pwd.getpwnam(name).pw_gid).gr_name


def _keep_certificate(certificate: Path | None, home: Path) -> str:
    if not certificate:
        return ""
    kept = home / "certificate.pem"
    kept.write_bytes(certificate.read_bytes())
    kept.chmod(0o600)
    return f"ssl_cert = <{kept}\nssl_key = <{kept}"


@contextmanager
def _running(command: list[str], user: str, group: str, log: Path) -> Iterator[None]:
    root = os.geteuid() == 0
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=user if root else None,
        group=group if root else None,
        extra_groups=[] if root else None,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _wait(port: int, log: Path) -> None:
    """Until it takes connections; at last with its own words."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with socket.socket() as one:
            one.settimeout(PATIENCE)
            if one.connect_ex(("127.0.0.1", port)) == 0 and one.recv(4) == b"* OK":
                return
        time.sleep(0.01)
    pytest.fail("Dovecot did not start: " + (log.read_text() if log.exists() else "it wrote no log"))
