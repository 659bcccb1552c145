"""From the mail server's yes to one copy in Sent, as the providers go about it: Gmail, Microsoft, and all others."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from mail.sync import Tools
from models import mailbox
from models.ground import store
from models.mailbox import MailboxChange
from models.viewer import System, Viewer
from tests.support.emails.sending_mailbox import a_box, becomes, owner_who_writes
from tests.support.emails.sent_from_here import an_hour_later
from tests.support.emails.submissions import way_of, written
from tests.support.emails.sync_worker import idling, working
from tests.support.emails.synced_mailbox import eventually, ledger_equals_server, ledger_of, letter, synced
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import an_account
from tests.support.servers.imap import ImapServer, ServedFolder
from tests.support.servers.imap.wording import LABELLED
from tests.support.servers.smtp import DROP, SmtpSink, Taken

pytestmark = pytest.mark.usefixtures("store")
NEW_ID = b"AM0PR@outlook.test"
Keeps = Callable[[Taken], Awaitable[None]]
by = owner_who_writes


def as_microsoft(raw: bytes) -> bytes:
    """Under another Message-ID, with the first one beside it."""
    head, field, rest = raw.partition(b"\r\nMessage-ID: <")
    first = rest.partition(b">")[0]
    assert field
    return b"X-Microsoft-Original-Message-ID: <%b>\r\n" % first + head + field + NEW_ID + b">" + rest.partition(b">")[2]


def keeping(folder: ServedFolder, labels: str = "", change: Callable[[bytes], bytes] = bytes) -> Keeps:
    async def keep(taken: Taken) -> None:
        folder.append(change(taken.raw), labels=labels)

    return keep


async def is_there(email_id: UUID) -> bool:
    return bool((await way_of(email_id))["copy"] == "THERE")


async def lies_there(email_id: UUID) -> None:
    await eventually(lambda: is_there(email_id))


def appends(server: ImapServer) -> int:
    return sum(command.startswith("APPEND") for command in server.commands)


async def test_microsoft_keeps_it_renamed_and_an_answer_to_either_name_stands_in_its_thread(
    server: ImapServer, by: Viewer, tools: Tools, sink: SmtpSink
) -> None:
    await an_account(System(by.firm_id), address=MARTA, email_sync=True)
    box = await a_box(by, sink, server.server)
    sink.answered = keeping(server.folders[1], change=as_microsoft)
    async with working(tools.parsers):
        await idling(server)
        email_id = await written(by, box)
        await becomes(email_id, "SENT")
        await lies_there(email_id)
    assert [row["email_id"] for row in await ledger_of("Sent", box)] == [email_id]
    server.inbox.append(letter(subject="Re: 1", References=f"<{NEW_ID.decode()}>"))
    server.inbox.append(letter(subject="Re: 2", References=f"<{(await way_of(email_id))['message_id']}>"))
    await synced(box, tools)
    rows = await store.rows("SELECT thread_id FROM email")
    assert (len(rows), len({row["thread_id"] for row in rows}), appends(server)) == (3, 1, 0)
    await ledger_equals_server(server, box)


async def test_gmail_keeps_it_in_all_mail(by: Viewer, tools: Tools, sink: SmtpSink) -> None:
    folders = [ServedFolder("INBOX"), ServedFolder("[Gmail]/All Mail", "\\All"), ServedFolder("[Gmail]/Sent Mail")]
    async with ImapServer(folders) as gmail:
        gmail.capabilities += " X-GM-EXT-1"
        gmail.wording = LABELLED
        box = await a_box(by, sink, gmail.server)
        sink.answered = keeping(folders[1], labels='"\\\\Sent"')
        async with working(tools.parsers):
            await idling(gmail)
            email_id = await written(by, box)
            await becomes(email_id, "SENT")
            await lies_there(email_id)
        assert [row["email_id"] for row in await ledger_of("[Gmail]/All Mail", box)] == [email_id]
        assert appends(gmail) == 0


async def test_anywhere_else_it_is_put_there_within_a_moment(
    server: ImapServer, by: Viewer, tools: Tools, sink: SmtpSink
) -> None:
    box = await a_box(by, sink, server.server)
    await mailbox.update(by, box, MailboxChange(keeps_sent=False))
    async with working(tools.parsers):
        await idling(server)
        for subject in ("first", "second"):
            email_id = await written(by, box, subject=subject)
            await becomes(email_id, "SENT")
            await lies_there(email_id)
    await synced(box, tools)
    assert [message.raw for message in server.folders[1].messages] == [taken.raw for taken in sink.letters]
    assert appends(server) == 2
    await ledger_equals_server(server, box)


@pytest.mark.parametrize("keeps", [True, False])
async def test_no_answer_came_and_sent_tells_whether_it_leaves_once_more(
    server: ImapServer, by: Viewer, tools: Tools, sink: SmtpSink, keeps: bool
) -> None:
    box = await a_box(by, sink, server.server)
    sink.after_data = DROP
    if keeps:
        sink.answered = keeping(server.folders[1], change=as_microsoft)
    async with working(tools.parsers):
        await idling(server)
        email_id = await written(by, box)
        if not keeps:
            await becomes(email_id, "UNCERTAIN")
            sink.after_data = "250 taken"
            await an_hour_later()
        await becomes(email_id, "SENT")
    row = await way_of(email_id)
    assert (row["handed_over"], len(sink.letters)) == ((1, 1) if keeps else (2, 2))
    assert len({taken.raw for taken in sink.letters}) == 1
