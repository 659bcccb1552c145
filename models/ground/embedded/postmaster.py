"""The running server: what its lock file says, and the process if it is our child."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.ground.embedded import launch
from models.ground.embedded.home import Home
from models.ground.embedded.programs import environment

# Small and durable: fsync stays on. The rest are PostgreSQL's defaults.
SETTINGS = {
    "listen_addresses": "",  # no TCP
    "port": "5432",  # names the socket, whatever PGPORT says
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "jit": "off",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",  # a week, then over again
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_error_verbosity": "terse",  # DETAIL would quote clients' addresses
    "log_checkpoints": "off",
}


@dataclass(frozen=True)
class Postmaster:
    """A live server as its lock file, `postmaster.pid`, tells it."""

    pid: int
    sockets: Path
    port: int
    ready: bool  # neither starting nor stopping

    @classmethod
    def of(cls, data: Path) -> "Postmaster | None":
        """None if no server runs on `data`, whatever its lock file claims: the pid may be dead, or another's by now."""
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        if not _serves(pid, data):
            return None
        if len(lines) < 8:
            return cls(pid, sockets=Path(), port=0, ready=False)
        return cls(pid, sockets=Path(lines[4]), port=int(lines[3]), ready=lines[7].strip() == "ready")


def _serves(pid: int, data: Path) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
        command = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, check=False).stdout
    return os.fsencode(data) in command  # the postmaster keeps its -D; empty for a zombie


def _forget_stale(data: Path) -> None:
    """Point a lock file whose pid has been given to another program at us, so that the server does not fear it.

    PostgreSQL passes over its parent's pid, and still looks for survivors by the memory segment that the file names:
    removing the file would lose that.
    """
    lock = data / "postmaster.pid"
    pid, *rest = lock.read_text().split("\n") if lock.exists() else [""]
    if pid.isdecimal() and _lives(int(pid)):
        lock.write_text("\n".join([str(os.getpid()), *rest]))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):  # another user's: PostgreSQL passes over it by itself
        return False
    return True


class Child:
    """The server as our child: in a session of its own, so that Ctrl-C in the terminal reaches us and not it.

    On Linux it stops fast when we die. The kernel takes "we" for the thread that made it, hence a thread that lives
    as long as the server, and starts it again should it be killed.
    """

    def __init__(self, home: Home, bin_: Path, settings: Mapping[str, str]) -> None:
        self._home = home
        options = {**SETTINGS, "unix_socket_directories": str(home.sockets()), **settings}
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        ids = [str(number) for number in (os.getpid(), home.user.uid, home.user.gid)]
        script = [sys.executable, "-I", "-S", launch.__file__, *ids]
        self._command = [*script, str(bin_ / "postgres"), "-D", str(home.data), *flags]
        self.trouble = ""  # why it could not even be tried
        self._kept = False
        self._let_go = threading.Event()
        self._thread = threading.Thread(target=self._live, name="postgres", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def keep(self) -> None:
        """It is up: from now on start it again whenever it ends, after a second."""
        self._kept = True

    def let_go(self) -> None:
        """It is to end: do not start it again."""
        self._let_go.set()

    def wait(self, seconds: float) -> bool:
        """Wait for its end; False if it still lives."""
        self._thread.join(seconds)
        return not self.alive

    def _live(self) -> None:
        self._run()
        while self._kept and not self._let_go.wait(1.0) and self._home.data.exists():
            self._run()

    def _run(self) -> None:
        try:
            self._become()
        except OSError as error:
            self.trouble = str(error)

    def _become(self) -> None:
        _forget_stale(self._home.data)
        with self._home.start_log.open("w") as log:
            subprocess.run(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd="/", env=environment(), start_new_session=True, check=False,
            )  # fmt: skip
