"""What was sent stands once in Sent: put there by us, or by the mail server that keeps its own copies."""

from uuid import UUID

import pytest

from mail.sync import Tools, sync_once
from mail.sync.providers import is_a_provider
from models import mailbox
from models.ground import files, store
from models.mailbox import MailboxChange, StoredEmails, lease
from models.mailbox.ending import end_mailboxes
from models.submission import copies
from models.viewer import System, TeamRole, Viewer
from tests.support.emails.sent_from_here import an_hour_later, as_it_left, sent_here
from tests.support.emails.submissions import way_of
from tests.support.emails.synced_mailbox import (
    CLIENT,
    connected,
    ledger_equals_server,
    ledger_of,
    letter,
    row_of,
    states,
    synced,
)
from tests.support.firm.factories import a_member, an_account
from tests.support.servers.bucket import Bucket
from tests.support.servers.imap import ImapServer, Served, ServedFolder, Wording

pytest_plugins = ["tests.support.emails.sync_fixtures"]
pytestmark = pytest.mark.usefixtures("store")
LONG = "And this is said at length.\n" * 2_000
PLAIN = "IMAP4rev1 IDLE SPECIAL-USE"
WITH_LABELS = Wording(
    items=(
        b"UID {uid}",
        b"X-GM-LABELS ({labels})",
        b"RFC822.SIZE {size}",
        b'INTERNALDATE "{date}"',
        b"BODY{part} {body}",
    )
)


@pytest.fixture
async def writer(by: System) -> Viewer:
    return await a_member(by, role=TeamRole.OWNER)


@pytest.fixture
async def box(server: ImapServer, by: System, writer: Viewer, tools: Tools) -> UUID:
    """Its server keeps no copies, as somebody has said."""
    mailbox_id = await connected(by, server.server)
    await mailbox.update(writer, mailbox_id, MailboxChange(keeps_sent=False))
    await synced(mailbox_id, tools)
    return mailbox_id


@pytest.fixture
async def unknown(server: ImapServer, by: System, tools: Tools) -> UUID:
    """Nobody has said, or found out, whether its server does."""
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    return mailbox_id


async def copy_of(email_id: UUID) -> tuple[str | None, int, str | None]:
    row = await way_of(email_id)
    return row["copy"], row["copy_tries"], row["copy_error"]


def in_sent(server: ImapServer) -> list[Served]:
    return server.folders[1].messages


def appends(server: ImapServer) -> int:
    return sum(command.startswith("APPEND") for command in server.commands)


async def one_in_sent_and_one_in_the_thread(server: ImapServer, box: UUID, email_id: UUID) -> None:
    (message,) = in_sent(server)
    row = await store.row("SELECT firm_id, raw_file, fingerprint FROM email WHERE id = $1", email_id)
    assert row
    raw = b"".join([piece async for piece in await files.read(row["firm_id"], row["raw_file"])])
    assert message.raw == raw
    assert [(row["email_id"], row["state"]) for row in await ledger_of("Sent", box)] == [(email_id, "STORED")]
    assert await store.value("SELECT count(*) FROM email WHERE direction = 'OUTGOING'") == 1
    assert (await way_of(email_id))["copy"] == "THERE"
    await ledger_equals_server(server, box)


@pytest.mark.parametrize("capabilities", [f"{PLAIN} UIDPLUS", PLAIN, f"{PLAIN} LITERAL+ UIDPLUS"])
@pytest.mark.parametrize("asked_for", [True, False])
async def test_it_is_put_there_as_it_left_once_and_the_ledger_knows_it_at_once(
    server: ImapServer, by: System, writer: Viewer, box: UUID, tools: Tools, capabilities: str, asked_for: bool
) -> None:
    server.capabilities = capabilities
    await an_account(by, address=CLIENT, email_sync=asked_for)
    email_id = await sent_here(writer, box, text=LONG)
    await synced(box, tools)
    await one_in_sent_and_one_in_the_thread(server, box, email_id)
    row = await way_of(email_id)
    assert in_sent(server)[0].received_at == row["sent_at"].replace(microsecond=0)
    await synced(box, tools)
    server.folders[1].renumber()
    await synced(box, tools)
    await one_in_sent_and_one_in_the_thread(server, box, email_id)
    assert appends(server) == 1


async def test_by_its_number_it_is_known_without_another_look(
    server: ImapServer, writer: Viewer, box: UUID, tools: Tools
) -> None:
    await sent_here(writer, box)
    await synced(box, tools)
    server.commands.clear()
    await synced(box, tools)
    assert 'EXAMINE "Sent"' not in server.commands


async def test_several_are_put_there_in_one_visit(server: ImapServer, writer: Viewer, box: UUID, tools: Tools) -> None:
    ids = [await sent_here(writer, box, subject=str(number)) for number in range(25)]
    await synced(box, tools)
    await synced(box, tools)
    assert [row["email_id"] for row in await ledger_of("Sent", box)] == ids
    await ledger_equals_server(server, box)


async def test_what_came_to_sent_meanwhile_is_told_apart_from_ours(
    server: ImapServer, by: System, writer: Viewer, box: UUID, tools: Tools
) -> None:
    """Another program puts one there between the look and ours."""
    await an_account(by, address=CLIENT, email_sync=True)
    email_id = await sent_here(writer, box)
    server.folders[1].uidnext += 3

    def another(folder: ServedFolder, raw: bytes) -> None:
        folder.append(letter(subject="theirs"))

    server.on_append = another
    await synced(box, tools)
    await synced(box, tools)
    rows = await ledger_of("Sent", box)
    assert (rows[0]["email_id"], [row["state"] for row in rows]) == (email_id, ["STORED", "STORED"])
    assert rows[1]["email_id"] != email_id
    await ledger_equals_server(server, box)


# Who keeps copies by itself


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
    await an_account(by, address=CLIENT, email_sync=True)
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
    await an_account(by, address=CLIENT, email_sync=True)
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
        gmail.wording = WITH_LABELS
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


# What stands in the way


async def test_a_server_that_refuses_is_told_in_words_and_asked_ever_later_until_it_is_given_up(
    server: ImapServer, by: System, writer: Viewer, box: UUID, tools: Tools
) -> None:
    await an_account(by, address=CLIENT, email_sync=True)
    email_id = await sent_here(writer, box)
    server.say["APPEND"] = b"{tag} NO [OVERQUOTA] Quota exceeded\r\n"
    server.inbox.append(letter())
    why = "The mailbox is full. Make room there; the mail server says: Quota exceeded."
    await synced(box, tools)
    assert await copy_of(email_id) == ("WANTED", 1, why)
    await synced(box, tools)
    assert (await copy_of(email_id), appends(server)) == (("WANTED", 1, why), 1)
    row = await row_of(box)
    assert (row["state"], row["error_message"]) == (
        "LIVE",
        f"The copy of an e-mail is not in the folder of sent mail. {why}",
    )
    assert await states(box) == ["STORED"]
    for tries in range(2, copies.MOST_TRIES + 1):
        await store.execute("UPDATE submission SET copy_due_at = now()")
        await synced(box, tools)
        assert (await copy_of(email_id))[1] == tries
    assert (await copy_of(email_id))[0] == "GIVEN_UP"
    await store.execute("UPDATE submission SET copy_due_at = now()")
    await synced(box, tools)
    assert appends(server) == copies.MOST_TRIES


async def test_what_was_refused_and_is_mended_is_put_there_and_no_more_told(
    server: ImapServer, writer: Viewer, box: UUID, tools: Tools
) -> None:
    email_id = await sent_here(writer, box)
    server.say["APPEND"] = b"{tag} NO [TRYCREATE] No such mailbox\r\n"
    await synced(box, tools)
    server.say.clear()
    await store.execute("UPDATE submission SET copy_due_at = now()")
    await synced(box, tools)
    await one_in_sent_and_one_in_the_thread(server, box, email_id)
    await synced(box, tools)
    row = await row_of(box)
    assert (row["state"], row["error_message"]) == ("LIVE", None)


async def test_a_folder_that_cannot_be_opened_is_put_nothing_into(
    server: ImapServer, writer: Viewer, box: UUID, tools: Tools
) -> None:
    """It may lie there."""
    email_id = await sent_here(writer, box)
    unsure = await sent_here(writer, box, state="UNCERTAIN")
    server.say['EXAMINE "Sent"'] = b"{tag} NO [NOPERM] Keep out\r\n"
    server.folders[1].append(letter())
    await synced(box, tools)
    await synced(box, tools)
    assert (appends(server), (await copy_of(email_id))[0]) == (0, "WANTED")
    assert ((await way_of(unsure))["state"], await copy_of(unsure)) == ("UNCERTAIN", ("WANTED", 0, None))


async def test_without_a_folder_of_sent_mail_it_is_given_up(
    server: ImapServer, writer: Viewer, box: UUID, tools: Tools
) -> None:
    email_id = await sent_here(writer, box)
    del server.folders[1]
    for _ in range(copies.MOST_TRIES):
        await an_hour_later()
        await synced(box, tools)
    assert await copy_of(email_id) == (
        "GIVEN_UP",
        copies.MOST_TRIES,
        "There is no folder of sent mail to put it into.",
    )
    assert "No folder of sent mail was found" in (await row_of(box))["error_message"]


async def test_a_file_that_is_lost_is_given_up_at_once(
    server: ImapServer, writer: Viewer, box: UUID, tools: Tools
) -> None:
    email_id = await sent_here(writer, box)
    await files.delete(writer.firm_id, [(await way_of(email_id))["file"]])
    await synced(box, tools)
    assert await copy_of(email_id) == ("GIVEN_UP", 0, "The file of what was sent is not there any more.")


async def test_while_the_store_of_files_is_away_it_waits_and_mail_is_read(
    server: ImapServer, writer: Viewer, box: UUID, tools: Tools
) -> None:
    async with Bucket() as bucket:
        with bucket.opened():
            email_id = await sent_here(writer, box)
            bucket.says = b"403 Forbidden"
            await synced(box, tools)
            why = "The store of files (SWITCHBOARD_FILES_URL) lets us write nothing. Look at what we are allowed there."
            assert await copy_of(email_id) == ("WANTED", 0, why)
            await synced(box, tools)
            bucket.says = b""
            await store.execute("UPDATE submission SET copy_due_at = now()")
            await synced(box, tools)
            await one_in_sent_and_one_in_the_thread(server, box, email_id)


@pytest.mark.parametrize("named", [True, False])
async def test_of_two_folders_of_sent_mail_it_is_put_into_the_one_that_is_named_or_marked(
    server: ImapServer, by: System, writer: Viewer, tools: Tools, named: bool
) -> None:
    server.folders[:] = [ServedFolder("INBOX"), ServedFolder("Gesendete"), ServedFolder("Sent"), ServedFolder("X")]
    server.folders[2 if named else 1].flags = "\\Sent"
    box = await connected(by, server.server)
    change = MailboxChange(keeps_sent=False, sent_folder="X" if named else None)
    await mailbox.update(writer, box, change)
    await synced(box, tools)
    await sent_here(writer, box)
    await synced(box, tools)
    assert [len(folder.messages) for folder in server.folders] == ([0, 0, 0, 1] if named else [0, 1, 0, 0])


async def test_where_sent_is_left_out_it_is_put_there_all_the_same_and_once(
    server: ImapServer, writer: Viewer, box: UUID, tools: Tools
) -> None:
    await mailbox.update(writer, box, MailboxChange(folders_left_out=("Sent",)))
    await synced(box, tools)
    email_id = await sent_here(writer, box)
    await synced(box, tools)
    assert ((await copy_of(email_id))[0], len(in_sent(server))) == ("THERE", 1)
    await store.execute("UPDATE submission SET copy = 'WANTED', copy_due_at = now()")  # nobody could note it
    await synced(box, tools)
    assert ((await copy_of(email_id))[0], len(in_sent(server))) == ("THERE", 1)


# Cut, and not known


async def cut_at(server: ImapServer, writer: Viewer, box: UUID, tools: Tools, at: int) -> None:
    server.folders[1].messages.clear()
    email_id = await sent_here(writer, box, text=LONG)
    server.cut_append_after = at
    assert not await sync_once(box, tools)
    assert in_sent(server) == []
    await store.execute("UPDATE submission SET copy_due_at = now()")
    await synced(box, tools)
    assert [message.raw for message in in_sent(server)] == [await as_it_left(email_id, text=LONG)]
    assert (await copy_of(email_id))[0] == "THERE"
    await ledger_equals_server(server, box)


async def test_cut_at_every_997th_byte_it_stands_there_once_afterwards(
    server: ImapServer, writer: Viewer, box: UUID, tools: Tools
) -> None:
    probe = await sent_here(writer, box, text=LONG)
    size = len(await as_it_left(probe, text=LONG))
    await synced(box, tools)
    for at in range(0, size, 997):
        await cut_at(server, writer, box, tools, at)


@pytest.mark.parametrize("capabilities", [f"{PLAIN} UIDPLUS", PLAIN])
async def test_what_is_there_and_nobody_heard_of_is_not_put_there_again(
    server: ImapServer, writer: Viewer, box: UUID, tools: Tools, capabilities: str
) -> None:
    server.capabilities = capabilities
    email_id = await sent_here(writer, box)

    def cut(folder: ServedFolder, raw: bytes) -> None:
        server.cut_after = 5

    server.on_append = cut
    assert not await sync_once(box, tools)
    server.on_append = lambda folder, raw: None
    await synced(box, tools)
    await store.execute("UPDATE submission SET copy_due_at = now()")
    await synced(box, tools)
    await one_in_sent_and_one_in_the_thread(server, box, email_id)
    assert (await row_of(box))["found_keeps_sent"] is None


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


async def test_the_copy_of_a_disconnected_mailbox_is_kept_or_forgotten_and_what_was_sent_stays(
    server: ImapServer, by: System, writer: Viewer, box: UUID, tools: Tools
) -> None:
    await an_account(by, address=CLIENT, email_sync=True)
    email_id = await sent_here(writer, box)
    await synced(box, tools)
    await mailbox.disconnect(writer, box, StoredEmails.FORGET)
    await end_mailboxes()
    assert await store.value("SELECT count(*) FROM email WHERE id = $1", email_id) == 1
    again = await connected(by, server.server)
    await synced(again, tools)
    assert [row["email_id"] for row in await ledger_of("Sent", again)] == [email_id]
    assert await store.value("SELECT count(*) FROM email") == 1


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
