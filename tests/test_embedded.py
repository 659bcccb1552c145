"""The life of the embedded server: kept data, one owner, no port, no orphan."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.ground.embedded import Embedded
from models.ground.embedded.postmaster import Postmaster
from tests.support.database.embedded import ask, folder, processes_of, start, until
from tests.support.database.postgres import MAJOR

__all__ = ["folder"]  # the fixture

Another = Callable[[], subprocess.Popen[str]]
CHECKOUT = Path(__file__).parents[1]
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells of a parent's death on Linux only")


@pytest.fixture
def another_process(folder: Path) -> Iterator[Another]:
    """`python -m models.ground.embedded`, which answers with its URL when the server is up."""
    started = []

    def start_one() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "models.ground.embedded", str(folder)]
        started.append(subprocess.Popen(command, cwd=CHECKOUT, text=True, stdout=subprocess.PIPE))
        return started[-1]

    yield start_one
    for process in started:
        ended(process, signal.SIGTERM)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def ended(process: subprocess.Popen[str], how: signal.Signals) -> int:
    if process.poll() is None:
        process.send_signal(how)
    code = process.wait(30)
    if process.stdout:
        process.stdout.close()
    return code


def test_a_second_start_finds_the_data_of_the_first(folder: Path) -> None:
    for expected in (1, 2):
        server = start(folder)
        ask(server, "CREATE TABLE IF NOT EXISTS visit (id int GENERATED ALWAYS AS IDENTITY)")
        ask(server, "INSERT INTO visit DEFAULT VALUES")
        assert ask(server, "SELECT count(*) FROM visit") == expected
        server.stop()


def test_stopping_twice_is_stopping_once_and_leaves_no_process(folder: Path) -> None:
    server = start(folder)
    assert server.running
    assert processes_of(server.data_folder)
    server.stop()
    server.stop()
    assert not server.running
    until(lambda: not processes_of(server.data_folder))


def test_no_port_is_open_and_the_socket_is_private(folder: Path) -> None:
    server = start(folder)
    found = Postmaster.of(server.data_folder)
    assert found
    assert ask(server, "SHOW listen_addresses") == ""
    assert found.sockets.stat().st_mode & 0o777 == 0o700
    pids = processes_of(server.data_folder) if sys.platform == "linux" else []
    sockets = {link for pid in pids for link in _links(Path(f"/proc/{pid}/fd"))}
    listening = {f"socket:[{row.split()[9]}]" for row in _tcp_rows() if row.split()[3] == "0A"}
    assert not sockets & listening
    server.stop()


def _links(folder: Path) -> Iterator[str]:
    yield from (str(entry.readlink()) for entry in folder.iterdir() if entry.is_symlink())


def _tcp_rows() -> list[str]:
    files = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    return [row for file in files if file.exists() for row in file.read_text().splitlines()[1:]]


def test_a_lock_file_of_a_dead_server_is_no_obstacle(folder: Path) -> None:
    server = start(folder)
    ask(server, "CREATE TABLE kept ()")
    lock = (server.data_folder / "postmaster.pid").read_text()
    server.kill_immediate()
    server.stop()
    (server.data_folder / "postmaster.pid").write_text(lock)
    again = start(folder)
    assert ask(again, "SELECT count(*) FROM kept") == 0
    again.stop()


def test_a_lock_file_whose_pid_is_another_programs_by_now_is_no_obstacle(folder: Path) -> None:
    server = start(folder)
    lock = (server.data_folder / "postmaster.pid").read_text().splitlines()
    server.kill_immediate()
    server.stop()
    owner = server.data_folder.stat().st_uid
    other = subprocess.Popen(["sleep", "600"], user=owner if os.geteuid() == 0 else None)
    try:
        (server.data_folder / "postmaster.pid").write_text("\n".join([str(other.pid), *lock[1:]]) + "\n")
        start(folder).stop()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@on_linux
def test_a_killed_owner_takes_its_server_along(another_process: Another) -> None:
    owner = another_process()
    said(owner)
    data = Path(said(owner))
    assert processes_of(data)
    ended(owner, signal.SIGKILL)
    until(lambda: not processes_of(data))


def test_a_start_right_after_a_killed_owner_succeeds(folder: Path, another_process: Another) -> None:
    owner = another_process()
    said(owner)
    ended(owner, signal.SIGKILL)
    server = Embedded.start(folder)  # while the former one may still be stopping
    assert server.owned
    assert ask(server, "SELECT 1") == 1
    server.stop()
    until(lambda: not processes_of(server.data_folder))


def test_a_server_left_behind_is_adopted_and_stopped_by_its_new_owner(folder: Path) -> None:
    first = start(folder)
    _let_live_without_owner(first)
    pid = Postmaster.of(first.data_folder)
    second = start(folder)
    assert second.owned
    assert Postmaster.of(second.data_folder) == pid
    second.stop()
    until(lambda: not processes_of(second.data_folder))


def _let_live_without_owner(server: Embedded) -> None:
    server.ownership.release()  # as the death of the owner does where the kernel does not stop the server


def test_of_two_that_start_at_once_one_owns_and_the_other_attaches(folder: Path, another_process: Another) -> None:
    two = [another_process() for _ in range(2)]
    urls = {said(process) for process in two}
    data = {Path(said(process)) for process in two}.pop()
    assert len(urls) == 1
    pid = Postmaster.of(data)
    mine = Embedded.start(folder)
    assert not mine.owned
    mine.stop()
    assert Postmaster.of(data) == pid
    assert [ended(process, signal.SIGTERM) for process in two] == [0, 0]
    until(lambda: not processes_of(data))


def test_ctrl_c_reaches_the_program_and_not_the_server(folder: Path) -> None:
    server = start(folder)
    found = Postmaster.of(server.data_folder)
    assert found
    assert os.getsid(found.pid) != os.getsid(0)
    assert os.getpgid(found.pid) != os.getpgid(0)
    server.stop()


def test_a_server_that_is_killed_comes_back_by_itself(folder: Path) -> None:
    server = start(folder)
    ask(server, "CREATE TABLE kept ()")
    found = Postmaster.of(server.data_folder)
    assert found
    os.kill(found.pid, signal.SIGKILL)
    until(lambda: server.running and Postmaster.of(server.data_folder) != found)
    assert ask(server, "SELECT count(*) FROM kept") == 0
    server.stop()
    until(lambda: not processes_of(server.data_folder))


def test_an_immediate_restart_loses_nothing_committed(folder: Path) -> None:
    server = Embedded.start(folder, major=MAJOR)
    ask(server, "CREATE TABLE kept ()")
    server.restart_immediately()
    assert server.running
    assert ask(server, "SELECT count(*) FROM kept") == 0
    server.kill_immediate()
    assert not server.running
    server.stop()
