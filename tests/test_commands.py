"""The commands, as processes: what they do, and what they say in plain words when something is wrong."""

import asyncio
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from models.ground import store
from models.ground.embedded import Embedded
from tests.support.database.postgres import cloned, order
from tests.support.database.postgres import run as ordered
from tests.support.processes.switchboard import (
    a_free_port,
    all_gone,
    in_plain_words,
    processes_about,
    run,
    run_afresh,
    running,
)
from tests.support.servers.smtp import SmtpSink

KEY, OTHER_KEY = "00" * 32, "11" * 32
PASSWORD = "correct horse battery"


@pytest.fixture
def empty_database(postgres: Embedded) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    order(postgres, f'CREATE DATABASE "{name}"')
    yield postgres.url_of(name)
    order(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.usefixtures("no_store")
def test_migrate_brings_a_database_up_to_date_also_twice_at_once(empty_database: str, tmp_path: Path) -> None:
    settings = {"DATABASE_URL": empty_database, "SWITCHBOARD_VAR": str(tmp_path)}

    async def both() -> list[str]:
        one, other = (asyncio.to_thread(run_afresh, "migrate", **settings) for _ in range(2))
        done = await asyncio.gather(one, other)
        assert [each.returncode for each in done] == [0, 0], done
        return sorted(each.stdout for each in done)

    applied, nothing = asyncio.run(both())
    assert applied.startswith("Applied: 0001_initial, 0002")
    assert nothing == "The database is up to date.\n"
    assert ordered(_pending(empty_database)) == []


async def _pending(url: str) -> list[str]:
    await store.open_store(url)
    try:
        return await store.pending_migrations()
    finally:
        await store.close()


def test_schema_check_fails_only_where_the_file_is_stale() -> None:
    done = run("schema", "--check")
    if done.returncode:
        in_plain_words(done.stderr, "schema.graphql is stale", "switchboard schema")
    assert done.stdout == ""


def test_doctor_finds_a_healthy_installation_healthy(database_url: str, tmp_path: Path) -> None:
    settings = {"DATABASE_URL": database_url, "SWITCHBOARD_VAR": str(tmp_path), "SWITCHBOARD_KEY": KEY}
    made = run("create-firm", "Studio Nuovo", "nuovo", "--owner-name", "Ada", "--owner-email", "ada@nuovo.example",
               told=f"{PASSWORD}\n{PASSWORD}\n", **settings)  # fmt: skip
    assert made.returncode == 0, made
    assert "ada@nuovo.example can sign in" in made.stdout
    assert PASSWORD not in made.stdout + made.stderr
    done = asyncio.run(_examined_with_mail(settings))
    assert done.returncode == 0, done
    assert "Firms: 1" in done.stdout
    assert "Letters: 0 wait; 127.0.0.1 takes them, from portal@nuovo.example." in done.stdout
    assert "MEND" not in done.stdout
    assert database_url not in done.stdout


async def _examined_with_mail(settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    async with SmtpSink() as sink:
        mail = {
            "SWITCHBOARD_SMTP_URL": f"smtp://127.0.0.1:{sink.port}",
            "SWITCHBOARD_MAIL_FROM": "portal@nuovo.example",
        }
        return await asyncio.to_thread(run, "doctor", **settings, **mail)


def test_doctor_says_why_letters_cannot_leave(database_url: str, tmp_path: Path) -> None:
    url = f"smtp://portal:hunter2@127.0.0.1:{a_free_port()}"
    settings = {"SWITCHBOARD_SMTP_URL": url, "SWITCHBOARD_MAIL_FROM": "portal@nuovo.example"}
    done = run("doctor", DATABASE_URL=database_url, SWITCHBOARD_VAR=str(tmp_path), **settings)
    assert done.returncode == 1
    assert "MEND  Letters: 0 wait. 127.0.0.1 takes no connections on port" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr


def test_doctor_misses_a_firm_and_a_way_for_letters(database_url: str, tmp_path: Path) -> None:
    done = run("doctor", DATABASE_URL=database_url, SWITCHBOARD_VAR=str(tmp_path))
    assert done.returncode == 1
    assert "MEND  Letters wait until SWITCHBOARD_SMTP_URL and SWITCHBOARD_MAIL_FROM say" in done.stdout
    assert "MEND  Firms: 0. Make one with `switchboard create-firm`." in done.stdout


@pytest.mark.parametrize("command", ["doctor", "serve", "worker"])
def test_a_wrong_key_is_told_in_plain_words(database_url: str, tmp_path: Path, command: str) -> None:
    settings = {"DATABASE_URL": database_url, "SWITCHBOARD_VAR": str(tmp_path), "PORT": str(a_free_port())}
    run("doctor", SWITCHBOARD_KEY=KEY, **settings)
    done = run(command, SWITCHBOARD_KEY=OTHER_KEY, **settings)
    assert done.returncode == 1
    assert in_plain_words(done.stderr, "key")
    assert OTHER_KEY not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["doctor", "serve", "worker", "migrate"])
def test_an_unreachable_database_is_told_in_plain_words(tmp_path: Path, command: str) -> None:
    url = f"postgres://firm:secret@127.0.0.1:{a_free_port()}/firm"
    done = run(command, DATABASE_URL=url, SWITCHBOARD_VAR=str(tmp_path), PORT=str(a_free_port()))
    assert done.returncode == 1
    assert in_plain_words(done.stderr, "The database cannot be reached", "DATABASE_URL")
    assert "secret" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["doctor", "serve", "worker"])
def test_a_database_without_its_migrations_is_refused(empty_database: str, tmp_path: Path, command: str) -> None:
    settings = {"DATABASE_URL": empty_database, "SWITCHBOARD_VAR": str(tmp_path), "PORT": str(a_free_port())}
    done = run(command, **settings)
    assert done.returncode == 1
    assert in_plain_words(done.stderr, "lacks", "switchboard migrate")


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_taken_port_is_told_before_anything_slow_begins(var: Path, command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run(command, PORT=port, SWITCHBOARD_VAR=str(var))
    assert done.returncode == 1
    assert in_plain_words(done.stderr, port, "Try PORT=")
    assert not (var / "postgres").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "many"),
        ("PORT", "99999"),
        ("SWITCHBOARD_DEVELOPMENT", "perhaps"),
        ("SWITCHBOARD_POOL_SIZE", "0"),
        ("SWITCHBOARD_SESSION_DAYS", "0"),
        ("SWITCHBOARD_KEY", "short"),
        ("DATABASE_URL", "mysql://nowhere/x"),
        ("SWITCHBOARD_SMTP_URL", "imap://mail.example"),
        ("SWITCHBOARD_MAIL_FROM", "the firm"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, name: str, value: str) -> None:
    done = run("doctor", **{"SWITCHBOARD_VAR": str(tmp_path), name: value})
    assert done.returncode == 1
    assert in_plain_words(done.stderr, name)


def test_create_firm_refuses_what_a_person_can_mend(database_url: str, tmp_path: Path) -> None:
    settings = {"DATABASE_URL": database_url, "SWITCHBOARD_VAR": str(tmp_path)}
    who = ("--owner-name", "Ada", "--owner-email")
    short = run("create-firm", "Studio", "studio", *who, "ada@studio.example", told="x\nx\n", **settings)
    odd = run("create-firm", "Studio", "studio", *who, "ada", told=f"{PASSWORD}\n{PASSWORD}\n", **settings)
    for refused in (short, odd):
        assert refused.returncode == 1, refused
        assert "Traceback" not in refused.stderr
    assert ordered(_firms(database_url)) == 0


async def _firms(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        count: int = await connection.fetchval("SELECT count(*) FROM firm")
        return count
    finally:
        await connection.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["demo", "serve"])
def test_a_start_can_be_stopped_at_once_and_leaves_nothing(
    var: Path, tmp_path: Path, command: str, how: signal.Signals
) -> None:
    with running(command, output=tmp_path / "said", var=var) as one:
        while not (helpers := one.descendants()):  # PostgreSQL's, in the middle of its making
            assert one.process.poll() is None, one.said
        one.stop(how)
        assert "Traceback" not in one.said
        assert "leaked" not in one.said
    assert all_gone(helpers)
    assert all_gone(set(processes_about(var)))  # a server just being made is told when its parent has gone


def test_a_start_in_the_background_of_a_shell_where_ctrl_c_is_ignored_can_be_stopped(var: Path, tmp_path: Path) -> None:
    with running("serve", output=tmp_path / "said", var=var, ignoring="INT") as one:
        while not (helpers := one.descendants()):
            assert one.process.poll() is None, one.said
        one.stop(signal.SIGTERM)
        assert one.said == ""
    assert all_gone(helpers)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_alone_works_until_it_is_told_to_stop(
    database_url: str, var: Path, tmp_path: Path, how: signal.Signals
) -> None:
    mail = {"SWITCHBOARD_SMTP_URL": "smtp://127.0.0.1:9", "SWITCHBOARD_MAIL_FROM": "portal@firm.test"}
    with running("worker", output=tmp_path / "said", var=var, DATABASE_URL=database_url, **mail) as one:
        while len(helpers := one.descendants()) < 3:  # two parsers, and multiprocessing's own helper
            assert one.process.poll() is None, one.said
        one.stop(how)
        assert one.said == ""
        assert one.process.returncode == 0
    assert all_gone(helpers)


def test_a_second_clone_of_the_database_knows_its_key(postgres: Embedded, migrated_template: str, var: Path) -> None:
    with cloned(postgres, migrated_template) as url:
        assert run("doctor", DATABASE_URL=url, SWITCHBOARD_VAR=str(var)).returncode == 1  # no firm yet
        assert (var / "key").stat().st_mode & 0o077 == 0
        again = run("doctor", DATABASE_URL=url, SWITCHBOARD_VAR=str(var))
        assert "Key: the one that this database knows." in again.stdout
