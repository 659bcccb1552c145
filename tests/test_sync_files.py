"""Files of messages that could not be read: none is left behind when its row goes (R22)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from mail.parsing import ParserPool
from mail.sync import Tools
from models import mailbox, stored_file
from models.viewer import System
from tests.support.emails.sync_worker import reading_all_but_odd
from tests.support.emails.synced_mailbox import connected, ledger_equals_server, letter, past, states, synced
from tests.support.files import names_in
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import MadeAccount, a_member, an_account, switched
from tests.support.firm.invitations import later
from tests.support.servers.imap import ImapServer

pytestmark = pytest.mark.usefixtures("store")
NO_ID = b"From: marta@client.test\r\nSubject: no id\r\n\r\nodd\r\n"


@pytest.fixture
async def failing(tools: Tools) -> AsyncIterator[Tools]:
    async with ParserPool(workers=1, reading=reading_all_but_odd) as parsers:
        yield replace(tools, parsers=parsers)


@pytest.fixture
async def account(by: System) -> MadeAccount:
    return await an_account(by, address=MARTA, email_sync=True)


async def quarantined(server: ImapServer, by: System, failing: Tools, raw: bytes, files: Path) -> UUID:
    """With its file, which has been there for so long that nothing but its row keeps it."""
    past(server.inbox, raw)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, failing)
    assert await states(mailbox_id) == ["QUARANTINED"]
    later(days=2)
    assert await stored_file.sweep() == 0
    assert len(names_in(files)) == 1
    return mailbox_id


async def test_of_what_a_new_numbering_drops_the_file_goes_too(
    server: ImapServer, by: System, account: MadeAccount, tools: Tools, failing: Tools, tmp_path: Path
) -> None:
    mailbox_id = await quarantined(server, by, failing, NO_ID, tmp_path / "files")
    server.inbox.expunge(1)
    server.inbox.renumber()
    await synced(mailbox_id, tools)
    await ledger_equals_server(server, mailbox_id)
    later(days=4)
    assert await stored_file.sweep() == 1
    assert names_in(tmp_path / "files") == set()


async def test_what_is_known_again_once_its_header_can_be_read_keeps_its_file(
    server: ImapServer, by: System, account: MadeAccount, failing: Tools, tmp_path: Path
) -> None:
    mailbox_id = await quarantined(server, by, failing, letter(text="odd"), tmp_path / "files")
    server.inbox.renumber()
    server.refused_uids.update(message.uid for message in server.inbox.messages)
    await synced(mailbox_id, failing)
    server.refused_uids.clear()
    await synced(mailbox_id, failing)
    assert await states(mailbox_id) == ["QUARANTINED"]
    later(days=4)
    assert await stored_file.sweep() == 0
    assert len(names_in(tmp_path / "files")) == 1


async def test_of_what_was_to_be_read_again_and_moves_while_nobody_asks_for_it_any_more_the_file_goes_too(
    server: ImapServer, by: System, account: MadeAccount, tools: Tools, failing: Tools, tmp_path: Path
) -> None:
    raw = letter(text="odd")
    mailbox_id = await quarantined(server, by, failing, raw, tmp_path / "files")
    await mailbox.sync_now(await a_member(by), mailbox_id)
    await switched(by, account.id, account.address, email_sync=False)
    moved = server.inbox.messages[0]
    server.inbox.expunge(moved.uid)
    server.folders[1].append(moved.raw, moved.received_at)
    await synced(mailbox_id, tools)
    assert await states(mailbox_id, "Sent") == ["NOT_SWITCHED_ON"]
    await ledger_equals_server(server, mailbox_id)
    later(days=4)
    assert await stored_file.sweep() == 1
    assert names_in(tmp_path / "files") == set()
