"""`switchboard` as people run it: a process of its own, asked over the network, looked at through /proc."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

from tests.support.waiting import PATIENCE

CHECKOUT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "graph.process.cli"]
OURS = ("DATABASE_URL", "HOST", "PORT", "SWITCHBOARD_", "OTEL_")
CLIENTS = CHECKOUT / "tests/clients"


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Ours, with these settings and no others."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)} | dict(settings)


def run(*arguments: str, told: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """A command, to its end: a process of its own, forked where the program has been imported already."""
    asked = {"arguments": arguments, "environment": environment(settings), "told": told}
    with _asking:
        server = _command_server()
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(asked) + "\n")
        server.stdin.flush()
        return subprocess.CompletedProcess([*COMMAND, *arguments], **json.loads(server.stdout.readline()))


def run_afresh(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The same as people do it, from the start of Python on."""
    command = [*COMMAND, *arguments]
    return subprocess.run(
        command,
        env=environment(settings),
        cwd=CHECKOUT,
        text=True,
        capture_output=True,
        timeout=2 * PATIENCE,
        check=False,
    )


_asking = Lock()


@cache
def _command_server() -> "subprocess.Popen[str]":
    """It ends with us, when its input does."""
    command = [sys.executable, "-m", "tests.support.processes.command_server"]
    return subprocess.Popen(command, cwd=CHECKOUT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def a_free_port() -> int:
    """
    Where nobody listens but who is told of it: it stays bound, so that the kernel gives it to nobody else while the
    tests run. With SO_REUSEADDR, as servers set it, another may listen there.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    port: int = held.getsockname()[1]
    held.detach()
    return port


@dataclass
class Running:
    """A started command; `output` is the file that it writes to, warnings included."""

    process: subprocess.Popen[bytes]
    output: Path
    port: int
    var: Path

    @property
    def said(self) -> str:
        return self.output.read_text()

    def until_said(self, words: str) -> str:
        """All that was said until then."""
        self._until(lambda: words in self.said, f"it never said {words!r}")
        return self.said

    def until_gone(self) -> None:
        self._until(lambda: self.process.poll() is not None, f"it still runs after {PATIENCE:g} s")

    def _until(self, true: Callable[[], object], otherwise: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, f"{otherwise}:\n{self.said}"
            if self.process.poll() is not None and not true():
                raise AssertionError(f"it ended with {self.process.returncode}:\n{self.said}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals) -> None:
        """SIGINT as a terminal's Ctrl-C sends it, to the whole group."""
        if how is signal.SIGINT:
            os.killpg(self.process.pid, how)
        else:
            self.process.send_signal(how)
        self.until_gone()

    @property
    def smtp_port(self) -> int:
        """Of the demo mail server, as the welcome tells it."""
        found = re.search(r"demo\.send .*--port (\d+)", self.said)
        return int(found[1]) if found else 1025

    @property
    def imap_port(self) -> int:
        """Of the demo mail server, as the welcome tells it."""
        found = re.search(r"demo\.read --port (\d+)", self.said)
        return int(found[1]) if found else 1143

    @property
    def token_port(self) -> int:
        """Of the demo mail server, as the welcome tells it."""
        found = re.search(r"Access tokens come from port (\d+)", self.said)
        assert found
        return int(found[1])

    def children(self) -> set[int]:
        """The processes that it started itself."""
        return {pid for pid in _pids() if _parent(pid) == self.process.pid}

    def descendants(self) -> set[int]:
        """Every process that it started, and those that these started."""
        parents = {pid: parent for pid in _pids() if (parent := _parent(pid)) is not None}
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found - {self.process.pid}


@contextmanager
def running(*arguments: str, output: Path, var: Path, ignoring: str = "", **settings: str) -> Iterator[Running]:
    """In a group of its own; killed at the end, if it is still there. `ignoring`: a signal, such as INT."""
    port = int(settings.get("PORT") or a_free_port())
    wrapped = ["/bin/sh", "-c", f"trap '' {ignoring}; exec \"$@\"", "sh"] if ignoring else []
    told = environment({"PORT": str(port), "SWITCHBOARD_VAR": str(var), "PYTHONUNBUFFERED": "1", **settings})
    with output.open("wb") as out:
        process = subprocess.Popen(
            [*wrapped, *COMMAND, *arguments],
            env=told,
            cwd=CHECKOUT,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        one = Running(process, output, port, var)
        try:
            yield one
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def processes_about(var: Path) -> dict[int, str]:
    """Whose command, working folder or open files lie under `var`."""
    return {pid: " ".join(words) for pid in _pids() if (words := _words(pid)) and _is_about(pid, words, str(var))}


def _is_about(pid: int, words: list[str], var: str) -> bool:
    if any(var in word for word in words):
        return True
    process = Path(f"/proc/{pid}")
    try:
        links = [process / "cwd", *(process / "fd").iterdir()]
    except OSError:
        return False
    return any(_target(link).startswith(var) for link in links)


def _target(link: Path) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""


def all_gone(pids: set[int]) -> bool:
    """Within a moment: multiprocessing's own helper notices last. Zombies that nobody has waited for are gone."""
    deadline = time.monotonic() + PATIENCE
    while left := {pid: words for pid in pids if (words := _words(pid))}:
        assert time.monotonic() < deadline, left
        time.sleep(0.02)
    return True


def _pids() -> list[int]:
    return [int(each.name) for each in Path("/proc").glob("[0-9]*")]


def _words(pid: int) -> list[str]:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return [word.decode(errors="replace") for word in raw.split(b"\0") if word]


def state_of(pid: int) -> str | None:
    """As `ps` tells it: T, it has been stopped; Z, it has ended. None: it is gone."""
    return _stat(pid, 0)


def _parent(pid: int) -> int | None:
    parent = _stat(pid, 1)
    return None if parent is None else int(parent)


def _stat(pid: int, field: int) -> str | None:
    """Of /proc, counted from behind the name."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[field]
    except (OSError, IndexError):
        return None


def in_plain_words(said: str, *words: str) -> bool:
    """One line or a few, without a trace of the program's inside."""
    assert all(word in said for word in words), said
    assert "Traceback" not in said, said
    assert len(said.strip().splitlines()) <= 3, said
    return True
