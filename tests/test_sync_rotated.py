"""The ledger after a key that leaked: headers are read once more, and what became of a message stays so (R22)."""

import pytest

from mail.sync import Tools, sync_once
from models import mailbox
from models.ground import store
from models.mailbox import MailboxChange
from models.viewer import System
from tests.support.emails.synced_mailbox import (
    announced,
    connected,
    ledger_equals_server,
    letter,
    notifications,
    past,
    row_of,
    states,
    subjects_of,
    synced,
)
from tests.support.firm.cast import MARTA, STRANGER
from tests.support.firm.factories import a_member, an_account, switched
from tests.support.firm.new_keys import lost, rotated
from tests.support.servers.imap import ImapServer

pytestmark = pytest.mark.usefixtures("store")


def bodies(server: ImapServer) -> list[str]:
    return [line for line in server.commands if "BODY.PEEK[]" in line]


async def test_after_a_leaked_key_nothing_is_stored_or_told_twice_and_what_comes_meanwhile_arrives(
    server: ImapServer, by: System, tools: Tools
) -> None:
    mine, later = await an_account(by, address=MARTA, email_sync=True), await an_account(by, address=STRANGER)
    await a_member(by)
    past(server.inbox, letter(subject="1"), letter(STRANGER, subject="theirs"), letter(subject="2"))
    server.inbox.append(b"From: marta@client.test\r\nSubject: no id\r\n\r\nx\r\n")
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    server.inbox.append(letter(subject="before"))
    await synced(mailbox_id, tools)
    told, hashes = await announced(by.firm_id), await store.rows("SELECT hash FROM email_address")
    server.inbox.append(letter(subject="meanwhile"))
    server.commands.clear()

    await rotated(leaked=True)
    await synced(mailbox_id, tools)

    assert len(bodies(server)) == 1
    assert (await announced(by.firm_id))[: len(told)] == told
    assert len(await announced(by.firm_id)) == len(told) + 1
    assert await notifications(by) == [(f"{MARTA}: before", 1), (f"{MARTA}: meanwhile", 1)]
    assert await subjects_of(mine.id) == ["1", "2", "before", "meanwhile", "no id"]
    assert await states(mailbox_id) == ["STORED", "NOT_SWITCHED_ON", "STORED", "STORED", "STORED", "STORED"]
    unread = "SELECT count(*) FROM occurrence WHERE skip_reason = 'NOT_SWITCHED_ON' AND hashes && $1::bytea[]"
    assert await store.value(unread, [row["hash"] for row in hashes]) == 0
    await ledger_equals_server(server, mailbox_id)
    await switched(by, later.id, later.address, email_sync=True)
    await synced(mailbox_id, tools)
    assert await subjects_of(later.id) == ["theirs"]
    assert await notifications(by) == [(f"{MARTA}: before", 1), (f"{MARTA}: meanwhile", 1)]  # that is history


async def test_an_arrival_that_was_still_to_be_fetched_is_told_as_one(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    await a_member(by)
    past(server.inbox, letter(subject="1"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    server.inbox.append(letter(subject="large", text="x" * 300_000))
    server.cut_after = 100_000
    assert not await sync_once(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED", "PENDING"]

    await rotated(leaked=True)
    assert await states(mailbox_id) == ["STORED", "UNREADABLE"]
    await synced(mailbox_id, tools)

    assert await notifications(by) == [(f"{MARTA}: large", 1)]
    assert await subjects_of(account.id) == ["1", "large"]
    await ledger_equals_server(server, mailbox_id)


async def test_a_rotated_key_has_no_header_read_again(server: ImapServer, by: System, tools: Tools) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="1"), letter(STRANGER), letter(subject="2"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    server.commands.clear()
    await rotated()
    await synced(mailbox_id, tools)
    assert [line for line in server.commands if "FETCH" in line] == []
    await ledger_equals_server(server, mailbox_id)


async def test_after_a_lost_key_mail_is_matched_again_once_the_password_is_entered(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    await a_member(by)
    past(server.inbox, letter(subject="1"), letter(STRANGER))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    told = await announced(by.firm_id)
    await lost()
    assert not await sync_once(mailbox_id, tools)
    assert (await row_of(mailbox_id))["state"] == "NEEDS_ATTENTION"
    server.inbox.append(letter(subject="2"))
    await mailbox.update(by, mailbox_id, MailboxChange(secret="secret"))
    await synced(mailbox_id, tools)
    assert (await announced(by.firm_id))[: len(told)] == told
    assert await subjects_of(account.id) == ["1", "2"]
    assert await notifications(by) == [(f"{MARTA}: 2", 1)]
    await ledger_equals_server(server, mailbox_id)
