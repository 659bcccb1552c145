"""Whose server keeps copies in Sent by itself is found out; and what is not known to have left is looked for there."""

from uuid import UUID

import pytest

from mail.sync import Tools
from mail.sync.providers import is_a_provider
from models import mailbox
from models.ground import store
from models.mailbox import MailboxChange, lease
from models.viewer import System, Viewer
from tests.support.emails.sent_from_here import (
    an_hour_later,
    appends,
    as_it_left,
    copy_of,
    in_sent,
    one_in_sent_and_one_in_the_thread,
    sent_here,
)
from tests.support.emails.submissions import way_of
from tests.support.emails.synced_mailbox import connected, ledger_of, row_of, synced
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import an_account
from tests.support.servers.imap import ImapServer, ServedFolder
from tests.support.servers.imap.wording import LABELLED

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
async def unknown(server: ImapServer, by: System, tools: Tools) -> UUID:
    """Nobody has said, or found out, whether its server does."""
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    return mailbox_id


async def test_where_nobody_knows_it_waits_for_the_servers_own_for_a_short_while(
    server: ImapServer, writer: Viewer, unknown: UUID, tools: Tools
) -> None:
    email_id = await sent_here(writer, unknown)
    await synced(unknown, tools)
    assert (appends(server), await copy_of(email_id)) == (0, ("WANTED", 0, None))
    await an_hour_later()
    await synced(unknown, tools)
    await one_in_sent_and_one_in_the_thread(server, unknown, email_id)
    assert (await row_of(unknown))["found_keeps_sent"] is False
    again = await sent_here(writer, unknown)
    await synced(unknown, tools)
    assert (await copy_of(again))[0] == "THERE"


@pytest.mark.parametrize("changed", [True, False])
async def test_a_server_that_keeps_its_own_is_found_out_and_remembered(
    server: ImapServer, by: System, writer: Viewer, unknown: UUID, tools: Tools, changed: bool
) -> None:
    """Also one that gives it another Message-ID, as Microsoft does."""
    await an_account(by, address=MARTA, email_sync=True)
    email_id = await sent_here(writer, unknown)
    first = (await way_of(email_id))["message_id"]
    given = {"message_id": "AM0PR@outlook.test", "first": first} if changed else {}
    server.folders[1].append(await as_it_left(email_id, text="Here it is.", **given))
    await synced(unknown, tools)
    await an_hour_later()
    await synced(unknown, tools)
    assert (appends(server), len(in_sent(server)), await copy_of(email_id)) == (0, 1, ("THERE", 0, None))
    assert [row["email_id"] for row in await ledger_of("Sent", unknown)] == [email_id]
    assert (await row_of(unknown))["found_keeps_sent"] is True
    await sent_here(writer, unknown)
    await store.execute("UPDATE submission SET copy_due_at = now() - interval '5 minutes' WHERE copy = 'WANTED'")
    await synced(unknown, tools)
    assert appends(server) == 0


async def test_one_that_does_not_keep_them_any_more_is_found_out_too(
    server: ImapServer, writer: Viewer, unknown: UUID, tools: Tools
) -> None:
    await store.execute("UPDATE mailbox SET found_keeps_sent = true")
    email_id = await sent_here(writer, unknown)
    await synced(unknown, tools)
    assert appends(server) == 0
    await an_hour_later()
    await synced(unknown, tools)
    await one_in_sent_and_one_in_the_thread(server, unknown, email_id)
    assert (await row_of(unknown))["found_keeps_sent"] is False


async def test_where_somebody_says_that_it_keeps_them_none_is_put_there_and_a_missing_one_is_told(
    server: ImapServer, writer: Viewer, unknown: UUID, tools: Tools
) -> None:
    await mailbox.update(writer, unknown, MailboxChange(keeps_sent=True))
    email_id = await sent_here(writer, unknown)
    await synced(unknown, tools)
    assert await copy_of(email_id) == ("WANTED", 0, None)
    await an_hour_later()
    await synced(unknown, tools)
    await synced(unknown, tools)
    assert (appends(server), (await copy_of(email_id))[0]) == (0, "GIVEN_UP")
    row = await row_of(unknown)
    assert (row["state"], row["error_message"]) == (
        "LIVE",
        "The copy of an e-mail is not in the folder of sent mail. The mail server keeps copies of what is sent by"
        " itself, as the mailbox's settings say (keepsSent), and has none of this one.",
    )
    assert (await row_of(unknown))["found_keeps_sent"] is None


async def test_a_server_that_takes_our_header_out_keeps_it_all_the_same(
    server: ImapServer, by: System, writer: Viewer, unknown: UUID, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    email_id = await sent_here(writer, unknown)
    raw = await as_it_left(email_id, text="Here it is.")
    server.folders[1].append(raw.partition(b"\r\n")[2])
    await an_hour_later()
    await synced(unknown, tools)
    await one_in_sent(server, unknown, email_id)
    assert (appends(server), (await row_of(unknown))["found_keeps_sent"]) == (0, True)


async def one_in_sent(server: ImapServer, box: UUID, email_id: UUID) -> None:
    """As a server keeps it."""
    assert len(in_sent(server)) == 1
    assert [row["email_id"] for row in await ledger_of("Sent", box)] == [email_id]
    assert await store.value("SELECT count(*) FROM email") == 1
    assert (await copy_of(email_id))[0] == "THERE"


async def test_gmail_is_known_by_its_own_words_and_given_time(by: System, writer: Viewer, tools: Tools) -> None:
    folders = [
        ServedFolder("INBOX"),
        ServedFolder("[Gmail]/All Mail", "\\All"),
        ServedFolder("[Gmail]/Sent Mail", "\\Sent"),
    ]
    async with ImapServer(folders) as gmail:
        gmail.capabilities += " X-GM-EXT-1"
        gmail.wording = LABELLED
        box = await connected(by, gmail.server)
        await synced(box, tools)
        email_id = await sent_here(writer, box)
        await store.execute("UPDATE submission SET copy_due_at = now() - interval '1 minute'")
        await synced(box, tools)
        assert (appends(gmail), (await row_of(box))["found_keeps_sent"]) == (0, True)
        raw = await as_it_left(email_id)
        folders[1].append(raw, labels='"\\\\Sent"')
        folders[2].append(raw, labels='"\\\\Sent"')
        await synced(box, tools)
        await an_hour_later()
        await synced(box, tools)
        assert (appends(gmail), await copy_of(email_id)) == (0, ("THERE", 0, None))
        assert [row["email_id"] for row in await ledger_of("[Gmail]/All Mail", box)] == [email_id]
        missing = await sent_here(writer, box)
        await an_hour_later()
        await synced(box, tools)
        assert ((await copy_of(missing))[0], len(folders[2].messages)) == ("THERE", 2)


def test_providers_that_keep_copies_are_known_by_their_hosts() -> None:
    known = [
        "imap.gmail.com",
        "smtp.gmail.com",
        "outlook.office365.com",
        "SMTP.Office365.com.",
        "imap-mail.outlook.com",
    ]
    assert all(is_a_provider(host) for host in known)
    assert not any(is_a_provider(host) for host in ["gmail.com.evil.test", "notgmail.com", "mail.firm.test", ""])


async def test_what_is_uncertain_and_lies_in_sent_is_sent(
    server: ImapServer, writer: Viewer, unknown: UUID, tools: Tools
) -> None:
    email_id = await sent_here(writer, unknown, state="UNCERTAIN")
    raw = await as_it_left(email_id, text="Here it is.")
    server.folders[1].append(raw.partition(b"\r\n")[2])  # without our header
    await synced(unknown, tools)
    assert (await way_of(email_id))["state"] == "UNCERTAIN"  # whoever knows it by its name alone waits for its time
    await an_hour_later()
    await synced(unknown, tools)
    row = await way_of(email_id)
    assert (row["state"], row["copy"], row["handed_over"]) == ("SENT", "THERE", 1)


async def test_what_is_uncertain_and_lies_nowhere_may_leave_once_more_and_is_not_put_there(
    server: ImapServer, writer: Viewer, unknown: UUID, tools: Tools
) -> None:
    email_id = await sent_here(writer, unknown, state="UNCERTAIN")
    await store.execute("UPDATE submission SET due_at = now() + interval '5 minutes'")
    await synced(unknown, tools)
    assert await copy_of(email_id) == ("WANTED", 0, None)  # its time has not come
    await an_hour_later()
    await synced(unknown, tools)
    row = await store.row("SELECT *, due_at <= now() AS is_due FROM submission WHERE id = $1", email_id)
    assert row
    assert (row["state"], row["copy"], row["is_due"], appends(server)) == ("UNCERTAIN", None, True, 0)


async def test_what_is_due_stirs_whoever_watches_and_what_waits_does_not(
    server: ImapServer, writer: Viewer, unknown: UUID, tools: Tools
) -> None:
    async def stirs() -> bool:
        (leased,) = await lease.claim("somebody", most=1)
        stir = (await lease.stirring([leased]))[unknown]
        await lease.release(leased)
        return stir.copies

    assert not await stirs()
    await sent_here(writer, unknown)
    assert not await stirs()
    await an_hour_later()
    assert await stirs()
    await synced(unknown, tools)
    assert not await stirs()
