"""Certified mail (PEC) from the mail server to the accounts: the letter inside is matched, stored and told (R18)."""

from hashlib import sha256

import pytest

from mail.sync import Tools, sync_once
from mail.sync.certified import MOST_LOOKS
from models import email
from models.email import EmailDirection, EmailFilter
from models.ground import files, store
from models.ground.page import Window
from models.viewer import System
from tests.support.database.store import firms_key
from tests.support.emails.certified import LETTER_ID, PROVIDER, a_certificate, a_letter, a_part, an_envelope
from tests.support.emails.synced_mailbox import (
    connected,
    ledger_equals_server,
    ledger_of,
    letter,
    notifications,
    past,
    source_of,
    states,
    subjects_of,
    synced,
)
from tests.support.firm.cast import MARTA, STRANGER, STUDIO
from tests.support.firm.factories import a_member, an_account, switched
from tests.support.servers.imap import ImapServer
from tests.support.servers.imap.talk import Cut

pytestmark = pytest.mark.usefixtures("store")
INSIDE = "inside@client.test"  # stands in the letter and in no header of the envelope
FORGED = an_envelope(a_letter(Cc=INSIDE), certificate=a_certificate(sender=STRANGER))


async def test_a_certified_letter_arrives_as_its_writers(server: ImapServer, by: System, tools: Tools) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    owner = await a_member(by)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    raw = an_envelope(a_letter(sender=f"Marta <{MARTA}>"))
    server.inbox.append(raw)
    await synced(mailbox_id, tools)
    (view,) = (await email.page(owner, EmailFilter(account_id=account.id), Window())).rows
    assert (view.subject, view.sender.name, view.sender.address) == ("The glass", "Marta", MARTA)
    assert (view.direction, view.certified_by) == (EmailDirection.INCOMING, "Provider Test PEC")
    assert await notifications(by) == [("Marta: The glass", 1)]
    assert await source_of(by.firm_id, view.id) == raw
    await ledger_equals_server(server, mailbox_id)


@pytest.mark.parametrize("arrives", [False, True], ids=["of the past", "just now"])
async def test_whoever_only_the_letter_names_is_found(
    server: ImapServer, by: System, tools: Tools, arrives: bool
) -> None:
    account = await an_account(by, address=INSIDE, email_sync=True)
    mailbox_id = await connected(by, server.server)
    if arrives:
        await synced(mailbox_id, tools)
    past(server.inbox, an_envelope(a_letter(Cc=INSIDE)), an_envelope(), letter(STRANGER))
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED", "NOT_SWITCHED_ON", "NOT_SWITCHED_ON"]
    assert await subjects_of(account.id) == ["The glass"]
    await ledger_equals_server(server, mailbox_id)


async def test_whoever_only_the_letter_names_is_found_when_switched_on_later(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=INSIDE)
    past(server.inbox, an_envelope(a_letter(Cc=INSIDE)))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["NOT_SWITCHED_ON"]
    await switched(by, account.id, account.address, email_sync=True)
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["The glass"]
    await ledger_equals_server(server, mailbox_id)


async def test_of_a_certified_letter_of_nobody_only_hashes_are_kept(
    server: ImapServer, by: System, tools: Tools
) -> None:
    raw = an_envelope(a_letter(Cc=INSIDE))
    past(server.inbox, raw)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    (row,) = await ledger_of("INBOX", mailbox_id)
    assert set(row["hashes"]) == {
        firms_key(by.firm_id).address_hash(each) for each in (MARTA, INSIDE, STUDIO, PROVIDER)
    }
    assert await store.value("SELECT count(*) FROM email") == 0
    with pytest.raises(FileNotFoundError):
        await files.read(by.firm_id, sha256(raw).hexdigest())


async def test_a_letter_far_from_the_beginning_is_looked_for_in_the_whole(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=INSIDE, email_sync=True)
    parts = [
        a_part("application/xml", "daticert.xml", a_certificate()),
        a_part("message/rfc822", "postacert.eml", a_letter(Cc=INSIDE)),
    ]
    far, near = (
        an_envelope(parts=[a_part("text/plain", "note.txt", "words " * 20_000), *parts]),
        an_envelope(parts=parts),
    )
    past(server.inbox, near + b"x" * 100_000, far)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED", "STORED"]
    assert await subjects_of(account.id) == ["The glass"]
    whole = [command for command in server.commands if "BODY.PEEK[])" in command]
    assert len(whole) == 2  # the far one to be listed, both to be stored


async def test_a_server_that_gives_no_beginnings_is_asked_for_the_whole(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=INSIDE, email_sync=True)
    server.refused_items = b"<0."
    past(server.inbox, letter(STRANGER), an_envelope(a_letter(Cc=INSIDE)))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["The glass"]
    await ledger_equals_server(server, mailbox_id)


async def test_a_beginning_over_which_the_line_always_breaks_holds_up_nobody_and_its_header_will_do(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="1"), an_envelope(), letter(subject="3"))

    def cut(uid: int) -> None:
        if uid == 2 and "<0." in server.commands[-1]:
            raise Cut

    server.on_fetch = cut
    mailbox_id = await connected(by, server.server)
    for _ in range(4):
        assert not await sync_once(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED", "UNREADABLE", "STORED"]
    for _ in range(MOST_LOOKS - 4):
        assert not await sync_once(mailbox_id, tools)
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["1", "3", "The glass"]
    await ledger_equals_server(server, mailbox_id)


async def test_a_forged_envelope_promises_nobody_a_message(server: ImapServer, by: System, tools: Tools) -> None:
    account = await an_account(by, address=INSIDE, email_sync=True)
    past(server.inbox, FORGED)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["NOT_SWITCHED_ON"]
    (row,) = await ledger_of("INBOX", mailbox_id)
    assert firms_key(by.firm_id).address_hash(INSIDE) not in row["hashes"]
    await ledger_equals_server(server, mailbox_id)
    await switched(by, account.id, account.address, email_sync=False)
    await switched(by, account.id, account.address, email_sync=True)
    assert await states(mailbox_id) == ["NOT_SWITCHED_ON"]  # it is not even fetched again


async def test_a_forged_envelope_to_a_client_is_shown_as_it_came(server: ImapServer, by: System, tools: Tools) -> None:
    account = await an_account(by, address="to@client.test", email_sync=True)
    owner = await a_member(by)
    past(server.inbox, an_envelope(certificate=a_certificate(sender=STRANGER), to="to@client.test"))
    await synced(await connected(by, server.server), tools)
    (view,) = (await email.page(owner, EmailFilter(account_id=account.id), Window())).rows
    assert (view.subject, view.sender.address, view.certified_by) == ("POSTA CERTIFICATA: x", PROVIDER, None)


async def test_a_receipt_is_nobodys_letter(server: ImapServer, by: System, tools: Tools) -> None:
    """Stored where it matches, as the provider's; the letter in it is not opened, and no client has written."""
    account = await an_account(by, address=PROVIDER, email_sync=True)
    await a_member(by)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    server.inbox.append(an_envelope(more=["X-Ricevuta: avvenuta-consegna"]))
    server.inbox.append(letter(PROVIDER, subject="A word"))
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["A word", "POSTA CERTIFICATA: x"]
    assert await notifications(by) == [(f"{PROVIDER}: A word", 1)]


async def test_a_certified_letter_from_us_is_not_ours_for_what_stands_inside(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    owner = await a_member(by)
    raw = an_envelope(
        letter(STUDIO, [MARTA], message_id=LETTER_ID),
        certificate=a_certificate(sender=STUDIO),
        on_behalf_of=STUDIO,
        reply_to=STUDIO,
    )
    past(server.inbox, raw)
    await synced(await connected(by, server.server), tools)
    (view,) = (await email.page(owner, EmailFilter(account_id=account.id), Window())).rows
    assert (view.sender.address, view.direction) == (STUDIO, EmailDirection.INCOMING)


async def test_one_letter_in_two_mailboxes_is_one_message_and_answers_to_either_envelope_are_of_its_thread(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    async with ImapServer() as second:
        for number, place in enumerate((server, second), 1):
            identifier = f"opec{number}@pec.provider.test"
            inside = letter(message_id=identifier, X_Riferimento_Message_ID=f"<{LETTER_ID}>")
            certificate = a_certificate(identifier=identifier)
            past(place.inbox, an_envelope(inside, certificate=certificate, identifier=identifier))
            await synced(await connected(by, place.server, address=f"{number}@firm.test"), tools)
        past(server.inbox, *(letter(STUDIO, [MARTA], subject=f"Re {number}",
                                    In_Reply_To=f"<opec{number}@pec.provider.test>") for number in (1, 2)))  # fmt: skip
        for row in await store.rows("SELECT id FROM mailbox ORDER BY address LIMIT 1"):
            await synced(row["id"], tools)
    assert await subjects_of(account.id) == ["Re 1", "Re 2", "The glass"]
    assert await store.value("SELECT count(DISTINCT thread_id) FROM email") == 1
