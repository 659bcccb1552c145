"""What was sent is put into Sent where its server keeps no copies: once, as it left, whatever stands in the way."""

from uuid import UUID

import pytest

from mail.sync import Tools, sync_once
from models import mailbox
from models.ground import files, store
from models.mailbox import MailboxChange, StoredEmails
from models.mailbox.ending import end_mailboxes
from models.submission import copies
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
from tests.support.emails.synced_mailbox import (
    connected,
    ledger_equals_server,
    ledger_of,
    letter,
    row_of,
    states,
    synced,
)
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import an_account
from tests.support.servers.bucket import Bucket
from tests.support.servers.imap import ImapServer, ServedFolder

pytestmark = pytest.mark.usefixtures("store")
LONG = "And this is said at length.\n" * 2_000
PLAIN = "IMAP4rev1 IDLE SPECIAL-USE"


@pytest.fixture
async def box(server: ImapServer, by: System, writer: Viewer, tools: Tools) -> UUID:
    """Its server keeps no copies, as somebody has said."""
    mailbox_id = await connected(by, server.server)
    await mailbox.update(writer, mailbox_id, MailboxChange(keeps_sent=False))
    await synced(mailbox_id, tools)
    return mailbox_id


@pytest.mark.parametrize("capabilities", [f"{PLAIN} UIDPLUS", PLAIN, f"{PLAIN} LITERAL+ UIDPLUS"])
@pytest.mark.parametrize("asked_for", [True, False])
async def test_it_is_put_there_as_it_left_once_and_the_ledger_knows_it_at_once(
    server: ImapServer, by: System, writer: Viewer, box: UUID, tools: Tools, capabilities: str, asked_for: bool
) -> None:
    server.capabilities = capabilities
    await an_account(by, address=MARTA, email_sync=asked_for)
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
    await an_account(by, address=MARTA, email_sync=True)
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


async def test_a_server_that_refuses_is_told_in_words_and_asked_ever_later_until_it_is_given_up(
    server: ImapServer, by: System, writer: Viewer, box: UUID, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
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


async def test_the_copy_of_a_disconnected_mailbox_is_kept_or_forgotten_and_what_was_sent_stays(
    server: ImapServer, by: System, writer: Viewer, box: UUID, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    email_id = await sent_here(writer, box)
    await synced(box, tools)
    await mailbox.disconnect(writer, box, StoredEmails.FORGET)
    await end_mailboxes()
    assert await store.value("SELECT count(*) FROM email WHERE id = $1", email_id) == 1
    again = await connected(by, server.server)
    await synced(again, tools)
    assert [row["email_id"] for row in await ledger_of("Sent", again)] == [email_id]
    assert await store.value("SELECT count(*) FROM email") == 1
