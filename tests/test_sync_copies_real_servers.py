"""What was sent stands once in Sent, at servers of others: pymap (the demo's) and Dovecot where it is installed."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import pytest

from mail.demo.launch import DemoMail
from mail.demo.users import MAIL_PASSWORD, STUDIO
from mail.imap import Header, Imap, Message
from mail.sync import Tools
from models import mailbox
from models.ground import store
from models.mailbox import MailboxChange, MailSecurity, MailServer
from models.viewer import System, Viewer
from tests.support.emails.sent_from_here import as_it_left, sent_here
from tests.support.emails.submissions import way_of
from tests.support.emails.synced_mailbox import connected, ledger_of, row_of, synced
from tests.support.servers.dovecot import PASSWORD, USERNAME, dovecot

pytestmark = pytest.mark.usefixtures("store")
Place = tuple[MailServer, str, str, str]
"""The server, who signs in with what, and its folder of sent mail."""


@pytest.fixture(params=["pymap", "dovecot"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        if request.param == "pymap":
            mail = await stack.enter_async_context(DemoMail.start(tmp_path))
            yield mail.imap, STUDIO.address, MAIL_PASSWORD, "Sent"
        else:
            server = stack.enter_context(dovecot())
            yield MailServer("127.0.0.1", server.port, MailSecurity.NONE), USERNAME, PASSWORD, "Gesendete Post"


@pytest.fixture
async def box(place: Place, by: System, writer: Viewer, tools: Tools) -> UUID:
    at, username, password, _ = place
    mailbox_id = await connected(by, at, username=username, password=password)
    await mailbox.update(writer, mailbox_id, MailboxChange(keeps_sent=False))
    await synced(mailbox_id, tools)
    return mailbox_id


async def in_sent(place: Place) -> list[bytes]:
    at, username, password, folder = place
    async with await Imap.connect(at, username=username, password=password) as imap:
        await imap.folders()
        await imap.examine(folder)
        headers = [header async for header in imap.headers(await imap.uids(1))]
        sizes = [(header.uid, header.size) for header in headers if isinstance(header, Header)]
        return [message.raw async for message in imap.messages(sizes) if isinstance(message, Message)]


async def test_it_stands_in_sent_once_as_it_left_and_the_ledger_agrees(
    place: Place, writer: Viewer, box: UUID, tools: Tools
) -> None:
    before = await in_sent(place)
    email_id = await sent_here(writer, box)
    for _ in range(2):
        await synced(box, tools)
        assert await in_sent(place) == [*before, await as_it_left(email_id, text="Here it is.")]
        (row,) = [row for row in await ledger_of(place[3], box) if row["email_id"]]
        assert (row["email_id"], row["state"]) == (email_id, "STORED")
        assert (await way_of(email_id))["copy"] == "THERE"
    folder = await store.row("SELECT on_server, why FROM mail_folder WHERE name = $1", place[3])
    assert folder
    assert (folder["on_server"], folder["why"]) == (len(before) + 1, None)
    assert (await row_of(box))["error_message"] is None or "Sent" not in (await row_of(box))["error_message"]


async def test_what_somebody_could_not_note_is_not_put_there_again(
    place: Place, writer: Viewer, box: UUID, tools: Tools
) -> None:
    email_id = await sent_here(writer, box)
    await synced(box, tools)
    await store.execute("DELETE FROM occurrence WHERE email_id = $1", email_id)
    await store.execute("UPDATE mail_folder SET watermark = 1, scanned_at = NULL, uidvalidity = 0")
    await store.execute("UPDATE submission SET copy = 'WANTED', copy_due_at = now()")
    before = await in_sent(place)
    await synced(box, tools)
    assert await in_sent(place) == before
    assert (await way_of(email_id))["copy"] == "THERE"
