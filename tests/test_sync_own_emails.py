"""What was sent from here is met in Sent: it is the stored e-mail; whoever copies its header has written another."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from mail.own_email import signed
from mail.sync import Tools
from models.email import EmailDirection
from models.ground import store
from models.viewer import System, TeamRole, Viewer
from tests.support.emails.sent_from_here import as_it_left, sent_here
from tests.support.emails.submissions import way_of
from tests.support.emails.synced_mailbox import (
    connected,
    ledger_equals_server,
    ledger_of,
    letter,
    row_of,
    states,
    subjects_of,
    synced,
)
from tests.support.firm.cast import MARTA, STUDIO
from tests.support.firm.factories import a_member, an_account
from tests.support.servers.imap import ImapServer, ServedFolder
from tests.support.servers.imap.wording import LABELLED

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
async def box(server: ImapServer, by: System, tools: Tools) -> UUID:
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    return mailbox_id


async def emails(by: System) -> list[str]:
    rows = await store.rows("SELECT subject FROM email WHERE firm_id = $1 ORDER BY subject", by.firm_id)
    return [row["subject"] for row in rows]


async def thread_of(message_id: str) -> UUID | None:
    thread: UUID | None = await store.value("SELECT thread_id FROM thread_ref WHERE message_id = $1", message_id)
    return thread


async def thread_of_email(email_id: UUID) -> UUID:
    thread: UUID = await store.value("SELECT thread_id FROM email WHERE id = $1", email_id)
    return thread


@pytest.mark.parametrize("asked_for", [True, False])
async def test_the_copy_in_sent_is_the_stored_email_whatever_the_switches_say(
    server: ImapServer, by: System, writer: Viewer, box: UUID, tools: Tools, asked_for: bool
) -> None:
    account_id = (await an_account(by, address=MARTA, email_sync=asked_for)).id
    email_id = await sent_here(writer, box)
    server.folders[1].append(await as_it_left(email_id))
    await synced(box, tools)
    assert [row["email_id"] for row in await ledger_of("Sent", box)] == [email_id]
    assert await states(box, "Sent") == ["STORED"]
    assert await emails(by) == ["The offer"]
    assert await subjects_of(account_id) == []  # links are made where it is written
    assert (await way_of(email_id))["copy"] == "THERE"
    assert not any("BODY.PEEK[]" in command for command in server.commands)


async def test_microsoft_gives_another_message_id_and_both_lead_into_its_thread(
    server: ImapServer, by: System, writer: Viewer, box: UUID, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    email_id = await sent_here(writer, box)
    first, later = (await way_of(email_id))["message_id"], datetime.now(UTC) + timedelta(hours=3)
    server.inbox.append(letter(subject="Re: 1", In_Reply_To="<AM0PR@outlook.test>"))  # quicker than the copy
    await synced(box, tools)
    begun = await thread_of("AM0PR@outlook.test")
    assert begun != await thread_of_email(email_id)
    server.folders[1].append(await as_it_left(email_id, message_id="AM0PR@outlook.test", first=first, date=later))
    await synced(box, tools)
    thread = await thread_of_email(email_id)
    assert await thread_of("AM0PR@outlook.test") == await thread_of(first) == thread
    server.inbox.append(letter(subject="Re: 2", References="<AM0PR@outlook.test>"))
    server.inbox.append(letter(subject="Re: 3", References=f"<{first}>"))
    await synced(box, tools)
    rows = await store.rows("SELECT subject FROM email WHERE thread_id = $1 ORDER BY subject", thread)
    assert [row["subject"] for row in rows] == ["Re: 1", "Re: 2", "Re: 3", "The offer"]
    assert await states(box, "Sent") == ["STORED"]


async def test_a_server_that_keeps_nothing_of_the_first_message_id_keeps_its_date(
    server: ImapServer, by: System, writer: Viewer, box: UUID, tools: Tools
) -> None:
    email_id = await sent_here(writer, box)
    server.folders[1].append(await as_it_left(email_id, message_id="other@mail.test"))
    await synced(box, tools)
    assert await emails(by) == ["The offer"]
    assert await thread_of("other@mail.test") == await thread_of_email(email_id)


async def test_gmail_holds_it_in_all_mail_under_the_label_of_what_was_sent(
    by: System, writer: Viewer, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    folders = [ServedFolder("INBOX"), ServedFolder("[Gmail]/All Mail", "\\All")]
    async with ImapServer(folders) as gmail:
        gmail.capabilities += " X-GM-EXT-1"
        gmail.wording = LABELLED
        box = await connected(by, gmail.server)
        await synced(box, tools)
        email_id = await sent_here(writer, box)
        raw = await as_it_left(email_id)
        folders[1].append(raw, labels='"\\\\Sent"')
        folders[1].append(raw.replace(b"When does", b"When the hell does"), labels='"\\\\Inbox"')  # forged
        folders[1].append(raw.replace(b"When does", b"What"), labels='"\\\\Draft"')
        await synced(box, tools)
        rows = await ledger_of("[Gmail]/All Mail", box)
        assert (rows[0]["email_id"], rows[0]["state"], rows[2]["state"]) == (email_id, "STORED", "SKIPPED")
        assert rows[1]["email_id"] not in {None, email_id}
        assert (await row_of(box))["found_keeps_sent"] is True


async def test_whoever_copies_the_header_has_written_a_message_of_their_own(
    server: ImapServer, by: System, writer: Viewer, box: UUID, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    email_id = await sent_here(writer, box)
    header, first = signed(email_id), (await way_of(email_id))["message_id"]
    elsewhere = signed(uuid7())
    wrong = header[:-1] + ("A" if header[-1] != "A" else "B")
    server.inbox.append(await as_it_left(email_id, subject="in INBOX, from us"))
    answer: dict[str, Any] = {
        "subject": "a client's answer",
        "sender": MARTA,
        "to": [STUDIO],
        "In_Reply_To": f"<{first}>",
    }
    server.inbox.append(await as_it_left(email_id, message_id="1@client.test", **answer))
    tries: dict[str, dict[str, Any]] = {
        "filed by hand": {"sender": MARTA, "to": [STUDIO]},
        "a wrong signature": {"header": wrong},
        "no signature": {"header": str(email_id)},
        "of no email": {"header": elsewhere},
        "sent anew": {"message_id": "new@firm.test", "date": datetime.now(UTC) + timedelta(minutes=5)},
    }
    for subject, facts in tries.items():
        server.folders[1].append(await as_it_left(email_id, subject=subject, **facts))
    await synced(box, tools)
    named = {row["email_id"] for folder in ("INBOX", "Sent") for row in await ledger_of(folder, box)}
    assert email_id not in named
    assert len(named) == len(await emails(by)) - 1 == 7
    assert (await way_of(email_id))["copy"] == "WANTED"
    await ledger_equals_server(server, box)


async def test_another_firms_email_is_none_of_ours(
    server: ImapServer, by: System, writer: Viewer, box: UUID, tools: Tools
) -> None:
    from tests.support.firm.factories import a_firm

    other = await a_member(await a_firm(), role=TeamRole.OWNER)
    theirs = await sent_here(other, await connected(System(other.firm_id), server.server))
    await an_account(by, address=MARTA, email_sync=True)
    server.folders[1].append(await as_it_left(theirs))
    await synced(box, tools)
    (row,) = await ledger_of("Sent", box)
    assert row["email_id"] not in {None, theirs}
    assert (await way_of(theirs))["copy"] == "WANTED"


@pytest.mark.parametrize("settled", [True, False])
async def test_what_was_uncertain_is_sent_once_it_is_met(
    server: ImapServer, writer: Viewer, box: UUID, tools: Tools, settled: bool
) -> None:
    email_id = await sent_here(writer, box)
    await store.execute(
        "UPDATE submission SET state = 'UNCERTAIN', error = 'no answer', sent_at = NULL,"
        " settled_at = CASE WHEN $1 THEN now() END",
        settled,
    )
    server.folders[1].append(await as_it_left(email_id))
    await synced(box, tools)
    row = await way_of(email_id)
    assert (row["state"], row["error"], row["copy"]) == ("SENT", None, "THERE")
    assert row["sent_at"]
    assert row["settled_at"]
    moved = "SELECT count(*) FROM journal_entry WHERE kind = 'EMAIL_MOVED' AND subject_id = $1"
    assert await store.value(moved, email_id) == 1


async def test_moved_renumbered_and_listed_anew_it_stays_the_one(
    server: ImapServer, by: System, writer: Viewer, box: UUID, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    email_id = await sent_here(writer, box)
    server.folders[1].append(await as_it_left(email_id, message_id="other@mail.test"))
    await synced(box, tools)
    server.folders[1].renumber()
    await synced(box, tools)
    await synced(box, tools)
    assert [row["email_id"] for row in await ledger_of("Sent", box)] == [email_id]
    (message,) = server.folders[1].messages
    server.folders[1].expunge(message.uid)
    server.folders.append(ServedFolder("Archive"))
    server.folders[2].append(message.raw, message.received_at)
    await synced(box, tools)
    assert [row["email_id"] for row in await ledger_of("Archive", box)] == [email_id]
    assert await emails(by) == ["The offer"]
    assert (await row_of(box))["found_keeps_sent"] is True


async def test_a_server_that_keeps_one_beside_ours_is_found_out(
    server: ImapServer, writer: Viewer, box: UUID, tools: Tools
) -> None:
    email_id = await sent_here(writer, box)
    await store.execute("UPDATE submission SET copy = 'THERE', copy_tries = 1")
    await store.execute("UPDATE mailbox SET found_keeps_sent = false")
    server.folders[1].append(await as_it_left(email_id))
    await synced(box, tools)
    assert (await row_of(box))["found_keeps_sent"] is False
    server.folders[1].append(await as_it_left(email_id))
    await synced(box, tools)
    assert (await row_of(box))["found_keeps_sent"] is True


async def test_a_copy_that_is_met_is_not_told_as_news(
    server: ImapServer, by: System, writer: Viewer, box: UUID, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    email_id = await sent_here(writer, box)
    server.folders[1].append(await as_it_left(email_id))
    await synced(box, tools)
    stored = "SELECT count(*) FROM journal_entry WHERE kind = 'EMAIL_STORED'"
    assert await store.value(stored) == 0
    assert await store.value("SELECT direction FROM email") == EmailDirection.OUTGOING
    assert await store.value("SELECT count(*) FROM notification") == 0


async def test_a_colleagues_copy_is_the_same_email_also_where_the_server_renamed_it(
    server: ImapServer, by: System, writer: Viewer, box: UUID, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    email_id = await sent_here(writer, box)
    first = (await way_of(email_id))["message_id"]
    renamed = {"message_id": "AM0PR@outlook.test", "first": first}
    server.inbox.append(await as_it_left(email_id, text="Here it is.", **renamed))
    server.inbox.append(await as_it_left(email_id, text="Here is another.", **renamed))
    server.inbox.append(await as_it_left(email_id, text="Here it is.", message_id="forged@evil.test"))
    await synced(box, tools)
    copy, other, forged = [row["email_id"] for row in await ledger_of("INBOX", box)]
    assert copy == email_id
    assert len({copy, other, forged}) == await store.value("SELECT count(*) FROM email") == 3
    assert await thread_of("AM0PR@outlook.test") == await thread_of(first) == await thread_of_email(email_id)
    assert (await way_of(email_id))["copy"] == "WANTED"
