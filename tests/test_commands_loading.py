"""What each command imports: no more than it does, because importing the whole house takes longer than doing it."""

from pathlib import Path

import pytest

from tests.support.processes.switchboard import run_afresh

SERVER = {"uvicorn", "graph.process.serving", "graph.process.app"}
API = {"starlette", "strawberry", "graphql"}
MAIL = {"mail.sync", "aioimaplib"}
HOUSE = {"obstore", "broadcaster", "graph.process.opening"}


def loaded_by(*arguments: str, **settings: str) -> set[str]:
    """The modules that it imports until it ends, however that is, as Python itself tells them."""
    told = run_afresh(*arguments, PYTHONPROFILEIMPORTTIME="1", **settings).stderr
    return {line.rpartition("|")[2].strip() for line in told.splitlines() if line.startswith("import time:")}


@pytest.mark.usefixtures("no_store")
def test_migrate_on_a_database_that_is_up_to_date_loads_the_tables_and_nothing_else(
    database_url: str, tmp_path: Path
) -> None:
    loaded = loaded_by("migrate", DATABASE_URL=database_url, SWITCHBOARD_VAR=str(tmp_path))
    assert "models.account.account" in loaded
    assert not loaded & (SERVER | API | MAIL | HOUSE)


def test_doctor_loads_no_server(database_url: str, tmp_path: Path) -> None:
    loaded = loaded_by("doctor", DATABASE_URL=database_url, SWITCHBOARD_VAR=str(tmp_path))
    assert "graph.process.opening" in loaded
    assert not loaded & (SERVER | API | MAIL)


def test_schema_loads_neither_server_nor_mail() -> None:
    loaded = loaded_by("schema", "--check")
    assert "strawberry" in loaded
    assert not loaded & (SERVER | MAIL)


def test_a_worker_alone_loads_no_server(tmp_path: Path) -> None:
    nowhere = "postgres://127.0.0.1:1/firm"
    loaded = loaded_by("worker", DATABASE_URL=nowhere, SWITCHBOARD_VAR=str(tmp_path))
    assert loaded >= MAIL
    assert not loaded & (SERVER | API)


def test_what_goes_wrong_loads_nothing_to_say_so(tmp_path: Path) -> None:
    key = {"SWITCHBOARD_KEY": "00"}
    assert not loaded_by("doctor", SWITCHBOARD_VAR=str(tmp_path), **key) & (SERVER | API | MAIL)
    assert not loaded_by("migrate", PORT="many") & (SERVER | API | MAIL | HOUSE)
    assert not loaded_by("--help") & (SERVER | API | MAIL | HOUSE)
