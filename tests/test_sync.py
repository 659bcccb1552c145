"""From the mail server to the accounts that ask: what is stored, what is not, and who hears of it."""

from datetime import timedelta
from uuid import UUID

import pytest

from mail.sync import Tools
from models.ground import keys, store
from models.viewer import System
from tests.support.database.store import firms_key
from tests.support.emails.synced_mailbox import (
    announced,
    connected,
    ledger_equals_server,
    ledger_of,
    letter,
    notifications,
    past,
    row_of,
    states,
    subjects_of,
    synced,
)
from tests.support.firm.cast import MARTA, STRANGER, STUDIO
from tests.support.firm.factories import MadeAccount, a_firm, a_member, an_account, switched
from tests.support.servers.imap import ARRIVED, ImapServer

pytestmark = pytest.mark.usefixtures("store")


async def test_a_backfill_stores_the_matching_past_and_links_it_to_every_account_that_asks(
    server: ImapServer, by: System, tools: Tools
) -> None:
    one = await an_account(by, address=MARTA, email_sync=True)
    other = await an_account(by, name="Fratelli", address=MARTA, email_sync=True)
    await a_member(by)
    past(server.inbox, letter(subject="a"), letter(STRANGER), letter(subject="b", Cc=STRANGER))
    past(server.folders[1], letter(STUDIO, [STRANGER], Bcc=f"Marta <{MARTA.upper()}>", subject="c"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED", "NOT_SWITCHED_ON", "STORED"]
    assert await subjects_of(one.id) == await subjects_of(other.id) == ["a", "b", "c"]
    assert await notifications(by) == []
    assert [about_one for about_one, _ in await announced(by.firm_id)] == [False, False]  # once for each batch
    assert (await row_of(mailbox_id))["state"] == "LIVE"
    assert (await row_of(mailbox_id))["backfill_total"] == 0
    await ledger_equals_server(server, mailbox_id)


async def test_mail_of_nobody_leaves_only_keyed_hashes(server: ImapServer, by: System, tools: Tools) -> None:
    past(server.inbox, letter(STRANGER, [STUDIO, MARTA], subject="private"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    (row,) = await ledger_of("INBOX", mailbox_id)
    expected = {firms_key(by.firm_id).address_hash(each) for each in (STRANGER, STUDIO, MARTA)}
    assert set(row["hashes"]) == expected
    assert await store.value("SELECT count(*) FROM email") == 0
    assert not any(command.startswith("UID FETCH") and "BODY.PEEK[]" in command for command in server.commands)
    await ledger_equals_server(server, mailbox_id)


async def test_an_arrival_is_stored_told_and_put_into_everybodys_inbox(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    await a_member(by)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    server.inbox.append(letter(f"Marta <{MARTA}>", subject="new"))
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["new"]
    assert [about_one for about_one, _ in await announced(by.firm_id)] == [True]
    assert await notifications(by) == [("Marta: new", 1)]
    await ledger_equals_server(server, mailbox_id)


async def test_messages_of_one_thread_are_one_entry_of_the_inbox(server: ImapServer, by: System, tools: Tools) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    await a_member(by)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    server.inbox.append(letter(subject="first", message_id="1@client.test"))
    server.inbox.append(letter(subject="Re: first", In_Reply_To="<1@client.test>"))
    await synced(mailbox_id, tools)
    assert await notifications(by) == [(f"{MARTA}: Re: first", 2)]
    assert await store.value("SELECT count(DISTINCT thread_id) FROM email") == 1


async def test_arrivals_of_one_pass_are_told_in_the_order_they_came_in(
    server: ImapServer, by: System, tools: Tools
) -> None:
    """When they came in says which was first, and their numbers only where that was in the same second."""
    await an_account(by, address=MARTA, email_sync=True)
    await a_member(by)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    for subject, minutes in (("second", 2), ("third", 2), ("first", 1)):
        server.inbox.append(letter(subject=subject), received_at=ARRIVED + timedelta(minutes=minutes))
    await synced(mailbox_id, tools)
    assert await notifications(by) == [(f"{MARTA}: {subject}", 1) for subject in ("first", "second", "third")]


async def test_copies_in_several_folders_and_mailboxes_are_one_message(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    raw = letter(message_id="same@client.test")
    server.inbox.append(raw)
    server.inbox.append(b"Received: from somewhere\r\n" + raw)
    server.folders[1].append(raw)
    async with ImapServer() as second:
        second.inbox.append(b"Delivered-To: other@firm.test\r\n" + raw)
        for place, address in ((server, STUDIO), (second, "other@firm.test")):
            await synced(await connected(by, place.server, address=address), tools)
    assert await subjects_of(account.id) == ["The glass"]
    assert await store.value("SELECT count(*) FROM occurrence WHERE state = 'STORED'") == 4


async def test_the_same_message_id_with_other_content_is_another_message(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, *(letter(text=text, message_id="same@client.test") for text in ("one", "two")))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["The glass", "The glass"]
    await ledger_equals_server(server, mailbox_id)


async def _client(by: System) -> MadeAccount:
    return await an_account(by, address=MARTA)


async def test_switching_on_fetches_the_past_and_off_and_on_fills_the_gap(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await _client(by)
    past(server.inbox, letter(subject="1"), letter(subject="2"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == []
    await switched(by, account.id, account.address, email_sync=True)
    assert (await row_of(mailbox_id))["backfill_total"] == 2
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["1", "2"]
    await switched(by, account.id, account.address, email_sync=False)
    server.inbox.append(letter(subject="3"))
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["1", "2"]
    await switched(by, account.id, account.address, email_sync=True)
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["1", "2", "3"]
    assert all(not about_one for about_one, _ in await announced(by.firm_id))
    await ledger_equals_server(server, mailbox_id)


async def test_what_was_switched_off_before_its_body_was_fetched_is_not_fetched(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await _client(by)
    past(server.inbox, letter())
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    await switched(by, account.id, account.address, email_sync=True)
    await switched(by, account.id, account.address, email_sync=False)
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["NOT_SWITCHED_ON"]
    assert not any("BODY.PEEK[]" in command for command in server.commands)
    assert (await row_of(mailbox_id))["backfill_total"] == 0


async def test_a_bcc_that_only_the_copy_in_sent_shows_counts_later_too(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    secret = await an_account(by, name="Silent", address="silent@client.test")
    raw = letter(STUDIO, [MARTA], message_id="x@firm.test")
    server.inbox.append(raw)
    server.folders[1].append(b"Bcc: silent@client.test\r\n" + raw)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    await switched(by, secret.id, secret.address, email_sync=True)
    await synced(mailbox_id, tools)
    assert await subjects_of(secret.id) == ["The glass"]
    assert await store.value("SELECT count(*) FROM email") == 1


async def test_our_own_letters_are_skipped_and_nobody_can_claim_to_be_one(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    signed = "letter-1." + keys.installation().signature("letter", "letter-1")
    past(
        server.inbox,
        letter(X_Switchboard_Letter=signed),
        letter(X_Switchboard_Letter="letter-1.forged"),
        letter(X_Switchboard_Letter="letter-2." + keys.installation().signature("letter", "letter-1")),
    )
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["OWN_LETTER", "STORED", "STORED"]


async def test_two_firms_with_the_same_client_each_have_their_own(server: ImapServer, by: System, tools: Tools) -> None:
    other = await a_firm("Harbour")
    accounts: list[UUID] = []
    past(server.inbox, letter(subject="1"))
    for firm in (by, other):
        accounts.append((await an_account(firm, address=MARTA, email_sync=True)).id)
        await synced(await connected(firm, server.server), tools)
    assert [await subjects_of(each) for each in accounts] == [["1"], ["1"]]
    first, second = await store.rows("SELECT hashes FROM occurrence")
    assert set(first["hashes"]).isdisjoint(second["hashes"])
