"""
The disk for files is full, or the database's: each mailbox says so in plain words, and once there is room the ledger
equals the server and the store, nothing twice (R22, R23, P8).
"""

import os
import resource
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from mail.sync import Tools, failing, sync_once
from models import mailbox
from models.ground import store
from models.ground.embedded import Embedded
from models.viewer import System
from tests.support.database.postgres import open_folder, order
from tests.support.emails.sync_worker import working
from tests.support.emails.synced_mailbox import (
    connected,
    eventually,
    ledger_equals_server,
    letter,
    nothing_is_there_twice,
    past,
    row_of,
    subjects_of,
    synced,
    tells,
)
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import a_firm, a_member, an_account
from tests.support.processes.small_disk import Room, small_disk
from tests.support.servers.imap import ImapServer

FULL = "The disk of the database is full: nothing can be saved. Make room there."


def filled(server: ImapServer, *, bytes_each: int) -> None:
    """With letters that nothing makes smaller."""
    past(server.inbox, *(letter(subject=str(number), text=_noise(bytes_each)) for number in range(6)))


def _noise(size: int) -> str:
    text = b64encode(os.urandom(size * 3 // 4)).decode()
    return "\n".join(text[at : at + 76] for at in range(0, len(text), 76))


async def all_is_well(server: ImapServer, mailbox_id: UUID, by: System, account_id: UUID) -> None:
    await ledger_equals_server(server, mailbox_id)
    await nothing_is_there_twice(by)
    assert (await row_of(mailbox_id))["error_code"] is None
    assert await subjects_of(account_id) == [str(number) for number in range(6)]


@contextmanager
def a_full_disk(folder: Path) -> Iterator[Room]:
    with small_disk(folder, kilobytes=2_000) as room:
        yield room


@contextmanager
def a_quota(_: Path) -> Iterator[Room]:
    """Of this process, for any one file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, before[1]))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("lack", [a_full_disk, a_quota])
async def test_while_the_disk_for_files_is_full_the_mailbox_says_so_and_then_all_is_there(
    store: str, server: ImapServer, tools: Tools, tmp_path: Path, lack: type
) -> None:
    by = await a_firm()
    account = await an_account(by, address=MARTA, email_sync=True)
    filled(server, bytes_each=1_200_000)
    mailbox_id = await connected(by, server.server)
    with lack(tmp_path / "files") as room:
        for _ in range(2):
            assert not await sync_once(mailbox_id, tools)
            assert await tells(mailbox_id, "The disk for files is full: no message can be kept. Make room there.")
        room()
        await synced(mailbox_id, tools)
        await all_is_well(server, mailbox_id, by, account.id)


@pytest.fixture
def small_tablespace(postgres: Embedded) -> Iterator[Room]:
    """`small`, for tables that are soon too large."""
    with open_folder("small") as folder:
        folder.mkdir()
        owner = postgres.data_folder.stat().st_uid
        with small_disk(folder, kilobytes=200, owner=owner) as room:
            order(postgres, f"CREATE TABLESPACE small LOCATION '{folder}'")
            yield room
            order(postgres, "DROP TABLESPACE small")


async def test_while_the_disk_of_the_database_is_full_the_mailbox_says_so_and_then_all_is_there(
    small_tablespace: Room, own_store: str, server: ImapServer, tools: Tools
) -> None:
    by = await a_firm()
    account = await an_account(by, address=MARTA, email_sync=True)
    filled(server, bytes_each=60_000)
    await store.execute("ALTER TABLE email SET TABLESPACE small")
    mailbox_id = await connected(by, server.server)
    for _ in range(2):
        assert not await sync_once(mailbox_id, tools)
        assert await tells(mailbox_id, FULL)
    small_tablespace()
    await synced(mailbox_id, tools)
    await all_is_well(server, mailbox_id, by, account.id)


async def test_where_not_even_that_can_be_written_down_the_mail_server_is_left_alone_until_it_can(
    own_store: str, server: ImapServer, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever signs in again and again is shut out."""
    monkeypatch.setattr(failing, "PAUSES", (0.02,) * 10_000)
    by = await a_firm()
    viewer = await a_member(by)
    account = await an_account(by, address=MARTA, email_sync=True)
    filled(server, bytes_each=100)
    mailbox_id = await connected(by, server.server)
    await _takes_nothing()

    async def tried_often() -> bool:
        return bool(await store.value("SELECT last_value FROM attempts") >= 10)

    async def all_there() -> bool:
        return len(await subjects_of(account.id)) == 6

    async with working(tools.parsers):
        await eventually(tried_often)
        assert server.commands.count("LOGIN") == 1
        await store.execute("DROP FUNCTION fails CASCADE")
        await eventually(lambda: tells(mailbox_id, FULL))
        assert server.commands.count("LOGIN") == 1
        await mailbox.sync_now(viewer, mailbox_id)
        await eventually(all_there)
    await synced(mailbox_id, tools)
    await all_is_well(server, mailbox_id, by, account.id)


async def _takes_nothing() -> None:
    """As PostgreSQL does it with a full disk, and each attempt is counted."""
    await store.execute("CREATE SEQUENCE attempts")
    await store.execute(
        "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM nextval('attempts'); RAISE 'no room' USING ERRCODE = '53100'; END $$"
    )
    for table in ("email", "journal_entry"):
        await store.execute(f"CREATE TRIGGER fails BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION fails()")
