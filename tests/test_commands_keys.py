"""`rotate-key` and `replace-key`, as people say them."""

import asyncio
from pathlib import Path

import httpx
import pytest

from models import firm_key, installation
from models.ground import keys, store
from models.viewer import System
from tests.support.database.store import KEY
from tests.support.firm.keyed_secrets import LINKS, hanging
from tests.support.processes.switchboard import Running, a_free_port, in_plain_words, run, running
from tests.support.waiting import patience

OLD, NEW, OTHER = KEY.hex(), "11" * 32, "22" * 32
OWNER = ("--owner-name", "Ada", "--owner-email", "ada@nuovo.example")


def a_firm_by_command(**settings: str) -> None:
    done = run("create-firm", "Studio Nuovo", "nuovo", *OWNER, told="correct horse battery\n" * 2, **settings)
    assert done.returncode == 0, done


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> dict[str, str]:
    """Of an installation with a firm, made with OLD."""
    named = {"DATABASE_URL": database_url, "SWITCHBOARD_VAR": str(tmp_path / "var")}
    a_firm_by_command(**named, SWITCHBOARD_KEY=OLD)
    return named


def knows(key: str, settings: dict[str, str]) -> bool:
    done = run("doctor", **settings, SWITCHBOARD_KEY=key)
    return "Key: the one that this database knows." in done.stdout


@pytest.mark.parametrize("leaked", [(), ("--leaked",)])
def test_a_rotated_key_is_the_databases_from_then_on(settings: dict[str, str], leaked: tuple[str, ...]) -> None:
    done = run("rotate-key", *leaked, **settings, SWITCHBOARD_OLD_KEY=OLD, SWITCHBOARD_KEY=NEW)
    assert done.returncode == 0, done
    assert "The key is rotated" in done.stdout
    assert ("Links that are out are dead" in done.stdout) is bool(leaked)
    assert NEW not in done.stdout
    assert knows(NEW, settings)
    assert not knows(OLD, settings)
    refused = run("serve", **settings, SWITCHBOARD_KEY=OLD, PORT=str(a_free_port()))
    assert in_plain_words(refused.stderr, "switchboard rotate-key", "switchboard replace-key")


def test_where_the_key_lies_in_var_the_old_one_is_put_beside_it_and_a_new_one_is_made(
    database_url: str, tmp_path: Path
) -> None:
    settings, var = {"DATABASE_URL": database_url, "SWITCHBOARD_VAR": str(tmp_path)}, tmp_path
    a_firm_by_command(**settings)
    old = (var / "key").read_text()
    refused = run("rotate-key", **settings)
    assert refused.returncode == 1
    assert in_plain_words(refused.stderr, "SWITCHBOARD_OLD_KEY", "`var/key.old`")
    (var / "key").rename(var / "key.old")
    for _ in range(2):  # said again, it changes nothing
        done = run("rotate-key", **settings)
        assert done.returncode == 0, done
    assert (var / "key").read_text() != old
    assert (var / "key.old").read_text() == old
    for file in ("key", "key.old"):
        assert (var / file).stat().st_mode & 0o777 == 0o600
    assert "Key: the one that this database knows." in run("doctor", **settings).stdout


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (OTHER, NEW, "neither of these keys"),
        (OLD, OLD, "are the same"),
        ("abc", NEW, "SWITCHBOARD_OLD_KEY must be 64 hexadecimal digits"),
        (OLD, "abc", "SWITCHBOARD_KEY must be 64 hexadecimal digits"),
    ],
)
def test_what_cannot_be_rotated_is_told_in_plain_words(
    settings: dict[str, str], old: str, new: str, words: str
) -> None:
    done = run("rotate-key", **settings, SWITCHBOARD_OLD_KEY=old, SWITCHBOARD_KEY=new)
    assert done.returncode == 1
    assert in_plain_words(done.stderr, words)
    assert not {OLD, NEW, OTHER} & set(done.stderr.split())
    assert knows(OLD, settings)


async def answers(server: Running) -> None:
    async with patience(), httpx.AsyncClient() as http:
        while True:
            try:
                await http.get(f"http://127.0.0.1:{server.port}/healthz")
                return
            except httpx.TransportError:
                assert server.process.poll() is None, server.said
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("command", [("rotate-key",), ("rotate-key", "--leaked"), ("replace-key", "--sure")])
async def test_while_a_process_runs_no_key_is_changed(
    settings: dict[str, str], tmp_path: Path, command: tuple[str, ...]
) -> None:
    told = {**settings, "SWITCHBOARD_OLD_KEY": OLD, "SWITCHBOARD_KEY": NEW}
    served = {**settings, "SWITCHBOARD_KEY": OLD}
    del served["SWITCHBOARD_VAR"]
    with running("serve", "--no-worker", output=tmp_path / "out", var=tmp_path / "var", **served) as server:
        await answers(server)
        done = await asyncio.to_thread(run, *command, **told)
        assert done.returncode == 1
        assert in_plain_words(done.stderr, "Switchboard is running on this database", "Nothing was changed")
    assert knows(OLD, settings)
    assert run(*command, **told).returncode == 0
    assert knows(NEW, settings)


@pytest.mark.parametrize("command", [("rotate-key",), ("rotate-key", "--leaked"), ("replace-key", "--sure")])
def test_two_at_once_do_no_harm(settings: dict[str, str], command: tuple[str, ...]) -> None:
    told = {**settings, "SWITCHBOARD_OLD_KEY": OLD, "SWITCHBOARD_KEY": NEW}

    async def both() -> list[int]:
        done = await asyncio.gather(*(asyncio.to_thread(run, *command, **told) for _ in range(2)))
        return [each.returncode for each in done]

    assert asyncio.run(both()) == [0, 0]
    assert knows(NEW, settings)


async def test_a_firm_that_another_process_makes_has_its_key_here_at_once(own_store: str, tmp_path: Path) -> None:
    await installation.check_key()
    named = {"DATABASE_URL": own_store, "SWITCHBOARD_VAR": str(tmp_path), "SWITCHBOARD_KEY": OLD}
    await asyncio.to_thread(a_firm_by_command, **named)
    firm_id = await store.value("SELECT id FROM firm WHERE slug = 'nuovo'")
    assert firm_id not in keys.firms()
    key = await firm_key.of(firm_id)
    assert (await hanging("anna", System(firm_id))).tokens.keys() == LINKS
    keys.firms().clear()
    assert (await firm_key.of(firm_id)).signature("what", "x") == key.signature("what", "x")
