"""A real Dovecot 2.3, where one is installed: on loopback, without TLS unless asked for, mail in Maildirs.

Started by root it runs as an unprivileged user, as whom it needs no rights at all; by anybody else, as that user.
"""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from models.ground.embedded.home import Home, find_home
from models.ground.embedded.programs import User
from models.ground.mendable import Mendable

HOST = "127.0.0.1"
SHORT = "/tmp"  # noqa: S108 - a private folder in it; paths of sockets must be short, and TMPDIR may be long
START_SECONDS, STOP_SECONDS = 30.0, 10.0

_CONFIG = """
base_dir = {place}/run
state_dir = {place}/state
log_path = {place}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
default_vsz_limit = 0
first_valid_uid = 0
disable_plaintext_auth = no
auth_mechanisms = plain login{by_token}
mail_location = maildir:{mail}/%u
mail_home = {mail}/%u
mail_uid = {user}
mail_gid = {group}
ssl = {tls}
{certificate}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {place}/users
  mechanisms = plain login
}}
{tokens}
userdb {{
  driver = static
  args = uid={user} gid={group}
}}
namespace inbox {{
  inbox = yes
  mailbox "{sent}" {{
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

_TOKENS = """
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {tokens}/%u/%w
  mechanisms = xoauth2
}}
"""


class NoDovecot(Mendable):
    """There is none here that could be started; says why."""


@dataclass(frozen=True, slots=True)
class Dovecot:
    """
    `mail`: a folder of `user`, where each mailbox has one by its name. `passwords`: of each. `certificate`: PEM with
    its key; with it, STARTTLS is offered. `tokens`: a folder with one for each user, and in it a file for each
    access token that signs in (XOAUTH2), by its name; it holds `user:{PLAIN}token`.
    """

    mail: Path
    user: User
    port: int
    passwords: Mapping[str, str]
    sent: str = "Sent"
    certificate: Path | None = None
    tokens: Path | None = None

    @contextmanager
    def running(self) -> Iterator[Path]:
        """It takes connections when this begins, and is gone when it ends. Answers its settings. Raises NoDovecot."""
        binary = must_be_installed()
        if _is_taken(self.port):  # else whoever answers there would be taken for it
            raise NoDovecot(f"Dovecot did not start: port {self.port} is in use by another mail server.")
        with TemporaryDirectory(prefix="dovecot-", dir=SHORT) as folder:
            place = Path(folder)
            config = self._configured(place)
            _give(place, self.user)
            if self.tokens:
                _give(self.tokens, self.user)
            process = _started([binary, "-F", "-c", str(config)], self.user)
            try:
                self._wait(process, place / "log")
                yield config
            finally:
                process.terminate()
                process.wait(STOP_SECONDS)

    def grant(self, name: str, token: str) -> None:
        """From now on this access token signs the user in, too."""
        assert self.tokens
        folder = self.tokens / name  # each a file: one that is written anew is read a second later only
        if not folder.exists():
            folder.mkdir(mode=0o700)
            _give(folder, self.user)
        self._write(folder / token, f"{name}:{{PLAIN}}{token}\n")

    def forget(self, name: str) -> None:
        """No access token that was granted signs the user in any more."""
        assert self.tokens
        for granted in (self.tokens / name).glob("*"):
            granted.unlink()

    def send_away(self, name: str, settings: Path) -> None:
        """Whoever is signed in under this name; by the settings that it runs with."""
        subprocess.run(["doveadm", "-c", settings, "kick", name], stdout=subprocess.DEVNULL, check=False)

    def _configured(self, place: Path) -> Path:
        values = {
            "user": pwd.getpwuid(self.user.uid).pw_name,
            "group": grp.getgrgid(self.user.gid).gr_name,
            "tls": "yes" if self.certificate else "no",
            "certificate": self._keep_certificate(place),
            "by_token": " xoauth2" if self.tokens else "",
            "tokens": _TOKENS.format(tokens=self.tokens) if self.tokens else "",
        }
        self._write(place / "users", "".join(f"{name}:{password}\n" for name, password in self.passwords.items()))
        config = _CONFIG.format(place=place, mail=self.mail, port=self.port, sent=self.sent, **values)
        return self._write(place / "dovecot.conf", config)

    def _keep_certificate(self, place: Path) -> str:
        if not self.certificate:
            return ""
        path = self._write(place / "certificate.pem", self.certificate.read_text())
        return f"ssl_cert = <{path}\nssl_key = <{path}"

    def _write(self, path: Path, text: str) -> Path:
        path.write_text(text)
        path.chmod(0o600)
        _give(path, self.user)
        return path

    def _wait(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        until = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < until:
            if _greets(self.port):
                return
            time.sleep(0.01)
        raise NoDovecot("Dovecot did not start: " + (log.read_text().strip() if log.exists() else "it wrote no log."))


def _started(command: list[str], user: User) -> "subprocess.Popen[bytes]":
    nothing = subprocess.DEVNULL
    if user.is_me:
        return subprocess.Popen(command, stdout=nothing, stderr=nothing)
    return subprocess.Popen(
        command, stdout=nothing, stderr=nothing, user=user.uid, group=user.gid, extra_groups=[], cwd="/"
    )


def _give(path: Path, user: User) -> None:
    if not user.is_me:
        os.chown(path, user.uid, user.gid)


def _is_taken(port: int) -> bool:
    """Whoever listens there need not greet: another server that just starts has no time for it yet."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def _greets(port: int) -> bool:
    with socket.socket() as connection:
        connection.settimeout(START_SECONDS)
        try:
            return connection.connect_ex((HOST, port)) == 0 and connection.recv(4) == b"* OK"
        except OSError:
            return False


def must_be_installed() -> str:
    """Answers its path. Raises NoDovecot."""
    binary = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
    if not binary:
        raise NoDovecot("Dovecot is not installed (Debian: apt-get install dovecot-imapd).")
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    if not version.startswith("2.3."):
        raise NoDovecot(f"Dovecot 2.3 is needed, this is {version.split()[0]}: its settings are written otherwise.")
    return binary


def home_in(folder: Path) -> Home:
    """Where Dovecot keeps mail, `data` there: in `folder`, or, where its user cannot reach that, where a link leads.

    Raises NoDovecot and EmbeddedFailed.
    """
    must_be_installed()
    home = find_home(folder)
    home.data.mkdir(mode=0o700, exist_ok=True)
    _give(home.data, home.user)
    return home
