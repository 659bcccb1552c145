"""A delivery report about one of our letters, come into a connected mailbox: read, told, and not kept (R18)."""

from uuid import UUID

import pytest

from mail.sync import Tools
from models import journal
from models.ground import store
from models.viewer import System
from tests.support.emails.synced_mailbox import connected, states, synced
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import a_firm, a_member, an_account
from tests.support.letters.outbox import an_invitation, due_again, invitation_letter, row_of, sent_all, state_of
from tests.support.letters.reports import a_report, an_answer
from tests.support.servers.imap import ARRIVED, ImapServer
from tests.support.servers.smtp import DROP, SmtpSink


async def a_sent_letter(by: System, sink: SmtpSink) -> UUID:
    made = await an_account(by, address=ANNA, login=True, email_sync=True)
    letter_id = await invitation_letter(by, ANNA, await an_invitation(by, made.address, made.id))
    await sent_all(sink.server)
    return letter_id


async def test_what_comes_back_is_told_and_the_address_gets_nothing_more(
    server: ImapServer, by: System, tools: Tools
) -> None:
    member = await a_member(by)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    async with SmtpSink() as sink:
        letter_id = await a_sent_letter(by, sink)
    stood = await journal.head(by.firm_id)
    server.inbox.append(a_report(sink.letters[0].raw), ARRIVED)
    await synced(mailbox_id, tools)
    row = await row_of(letter_id)
    assert (row["state"], row["error"]) == ("BOUNCED", "A mail server on the way sent the letter back (5.1.1).")
    assert await states(mailbox_id) == ["OWN_LETTER"]
    assert await store.value("SELECT count(*) FROM email") == 0
    assert await store.value("SELECT suppressed_reason FROM email_address WHERE key = $1", ANNA) == row["error"]
    assert await store.value("SELECT bounced_at FROM invitation") is not None
    told = await store.row("SELECT member_id, text FROM notification WHERE kind = 'LETTER_BOUNCED'")
    assert told is not None
    assert told["member_id"] == member.member_id
    assert ANNA in told["text"]
    (batch,) = await journal.since(by.firm_id, stood)
    assert [entry.kind for entry in batch.entries] == ["ADDRESS_SUPPRESSED", "INVITATION_MOVED", "NOTIFICATIONS_MOVED"]


@pytest.mark.parametrize(
    ("report", "kept"),
    [
        ({"action": "delayed", "status": "4.4.1"}, False),
        ({"signed": "0192b7d8-8ce8-73e6-b939-39c7a9419cbb.forged"}, True),
    ],
)
async def test_a_letter_that_is_only_late_or_not_ours_has_not_bounced(
    server: ImapServer, by: System, tools: Tools, report: dict[str, str], kept: bool
) -> None:
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    async with SmtpSink() as sink:
        letter_id = await a_sent_letter(by, sink)
    server.inbox.append(a_report(sink.letters[0].raw, **report), ARRIVED)
    await synced(mailbox_id, tools)
    assert await state_of(letter_id) == "SENT"
    assert await states(mailbox_id) == ["NOT_SWITCHED_ON" if kept else "OWN_LETTER"]


async def test_a_report_on_a_letter_of_unknown_outcome_stops_its_second_copy(
    server: ImapServer, by: System, tools: Tools
) -> None:
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    async with SmtpSink(after_data=DROP) as sink:
        letter_id = await a_sent_letter(by, sink)
        server.inbox.append(a_report(sink.letters[0].raw, status="5.2.2"), ARRIVED)
        await synced(mailbox_id, tools)
        assert await state_of(letter_id) == "BOUNCED"
        await due_again()
        await sent_all(sink.server)
    assert len(sink.letters) == 1
    assert await store.value("SELECT count(*) FROM email_address WHERE suppressed_at IS NOT NULL") == 0


async def test_a_report_in_plain_words_is_found_in_a_firms_mailbox_too(
    server: ImapServer, by: System, tools: Tools
) -> None:
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    async with SmtpSink() as sink:
        letter_id = await a_sent_letter(by, sink)
    message_id = (await row_of(letter_id))["message_id"]
    report = (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.test\r\nTo: portal@switchboard.test\r\nSubject: failure\r\n\r\n"
        f"I was not able to deliver your message.\r\n<{ANNA}>:\r\nRemote host said: 550 No such user here\r\n\r\n"
        f"--- Below this line is a copy of the message.\r\n\r\nMessage-ID: {message_id}\r\n"
    ).encode()
    answer = an_answer(sink.letters[0].raw)
    forged = report.replace(b"Return-Path: <>", b"Return-Path: <mallory@evil.test>")
    for raw in (answer, forged):
        server.inbox.append(raw, ARRIVED)
    await synced(mailbox_id, tools)
    assert await state_of(letter_id) == "SENT"
    server.inbox.append(report, ARRIVED)
    await synced(mailbox_id, tools)
    assert await state_of(letter_id) == "BOUNCED"
    assert (await states(mailbox_id))[1:] == ["NOT_SWITCHED_ON", "OWN_LETTER"]
    assert await store.value("SELECT count(*) FROM letter") == 1


async def test_a_firms_mailbox_gets_the_signed_reports_of_all_firms(
    server: ImapServer, by: System, tools: Tools
) -> None:
    other = await a_firm()
    mailbox_id = await connected(other, server.server)
    await synced(mailbox_id, tools)
    async with SmtpSink() as sink:
        letter_id = await a_sent_letter(by, sink)
    server.inbox.append(a_report(sink.letters[0].raw, signed="", return_path="<>"), ARRIVED)
    await synced(mailbox_id, tools)
    assert await state_of(letter_id) == "SENT"
    server.inbox.append(a_report(sink.letters[0].raw), ARRIVED)
    await synced(mailbox_id, tools)
    assert await state_of(letter_id) == "BOUNCED"
