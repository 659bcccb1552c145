"""What a server does to its numbers and its messages between two passes."""

import pytest

from mail.sync import Tools, sync_once
from models.ground import store
from models.viewer import System
from tests.support.emails.synced_mailbox import (
    announced,
    connected,
    ledger_equals_server,
    letter,
    notifications,
    past,
    states,
    subjects_of,
    synced,
)
from tests.support.firm.cast import MARTA, STRANGER
from tests.support.firm.factories import a_member, an_account
from tests.support.servers.imap import ImapServer

pytestmark = pytest.mark.usefixtures("store")


async def test_new_uids_change_nothing_that_is_stored_and_announce_nothing(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    await a_member(by)
    past(server.inbox, letter(subject="1"), letter(STRANGER), letter(subject="2"), letter(subject="3"))
    server.inbox.append(b"From: marta@client.test\r\nSubject: no id\r\n\r\nx\r\n")
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    told = await announced(by.firm_id)
    server.inbox.expunge(1)
    server.inbox.renumber()
    server.commands.clear()
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["NOT_SWITCHED_ON", "STORED", "STORED", "STORED"]
    assert [line for line in server.commands if "BODY.PEEK[]" in line] == ["UID FETCH 4 (UID INTERNALDATE BODY.PEEK[])"]
    assert await subjects_of(account.id) == ["1", "2", "3", "no id"]
    assert await announced(by.firm_id) == told
    assert await notifications(by) == []
    await ledger_equals_server(server, mailbox_id)
    server.inbox.append(letter(subject="after"))
    await synced(mailbox_id, tools)
    assert await notifications(by) == [(f"{MARTA}: after", 1)]


async def test_an_expunged_message_leaves_the_figures_and_stays_in_the_account(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="1"), letter(STRANGER), letter(subject="2"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    server.inbox.expunge(1)
    server.inbox.append(letter(subject="3"))
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["1", "2", "3"]
    await ledger_equals_server(server, mailbox_id)


async def test_what_vanishes_before_it_was_fetched_is_explained(server: ImapServer, by: System, tools: Tools) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="1"), letter(subject="2"))
    mailbox_id = await connected(by, server.server)
    server.say["UID FETCH"] = b"* BYE\r\n"
    assert not await sync_once(mailbox_id, tools)
    server.say.clear()
    seen: list[int] = []

    def vanish(uid: int) -> None:
        seen.append(uid)
        if seen.count(1) == 2:  # its header, then its body
            server.inbox.expunge(1)

    server.on_fetch = vanish
    await synced(mailbox_id, tools)
    gone = await store.row("SELECT * FROM occurrence WHERE uid = 1")
    assert gone is not None
    assert (gone["skip_reason"], gone["gone_at"] is not None) == ("GONE_FROM_SERVER", True)
    await synced(mailbox_id, tools)
    await ledger_equals_server(server, mailbox_id)


async def test_a_server_set_back_to_an_earlier_state_gives_numbers_twice_and_hides_no_mail(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="1"), letter(subject="2"), letter(subject="3"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    server.inbox.messages, server.inbox.uidnext = server.inbox.messages[:1], 2
    server.inbox.append(letter(subject="4"))
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["1", "2", "3", "4"]
    await ledger_equals_server(server, mailbox_id)
