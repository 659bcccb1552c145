"""A delivery report about one of our letters, come into a connected mailbox: read, told, and not kept (R18)."""

import re
from email.message import EmailMessage
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from uuid import UUID

import pytest

from mail.sync import Tools
from models import journal
from models.ground import store
from models.viewer import System
from tests.imap_server import ARRIVED, ImapServer
from tests.letters import an_invitation, due_again, invited, row_of, sent_all, state_of
from tests.make import a_member, an_account
from tests.smtp_server import DROP, SmtpSink
from tests.syncing import STUDIO, connected, states, synced

pytest_plugins = ["tests.sync_fixtures"]
ANNA = "anna@client.test"


def a_report(letter: bytes, *, action: str = "failed", status: str = "5.1.1", signed: str | None = None) -> bytes:
    """As Postfix writes one, with the headers of the letter inside."""
    report = MIMEMultipart("report", report_type="delivery-status")
    report["From"], report["To"], report["Subject"] = "MAILER-DAEMON@mx.test", STUDIO, "Undelivered Mail"
    report["Message-ID"], report["Auto-Submitted"] = "<report@mx.test>", "auto-replied"
    report.attach(MIMEText(f"Your letter to {ANNA} did not arrive.\n"))
    status_part = MIMEMessage(EmailMessage(), "delivery-status")
    of_server, of_recipient = EmailMessage(), EmailMessage()
    of_server["Reporting-MTA"] = "dns; mx.test"
    of_recipient["Final-Recipient"], of_recipient["Action"] = f"rfc822; {ANNA}", action
    of_recipient["Status"] = status
    status_part.set_payload([of_server, of_recipient])
    report.attach(status_part)
    headers = letter.partition(b"\r\n\r\n")[0].decode().replace("\r\n", "\n") + "\n"
    if signed is not None:
        headers = re.sub("(?m)^X-Switchboard-Letter: .*", f"X-Switchboard-Letter: {signed}", headers)
    returned = MIMEText(headers, "rfc822-headers", "ascii")
    report.attach(returned)
    return report.as_bytes().replace(b"\n", b"\r\n")


async def a_sent_letter(by: System, sink: SmtpSink) -> UUID:
    made = await an_account(by, address=ANNA, login=True, email_sync=True)
    letter_id = await invited(by, ANNA, await an_invitation(by, made.address, made.id))
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
