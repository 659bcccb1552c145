"""All folders of a real Dovecot, where it is installed: nested, renamed, with moves; and how soon it tells."""

import asyncio
import imaplib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from uuid import UUID

import pytest

from mail.imap.names import to_wire
from mail.sync import Tools, Worker, attending
from models import mailbox
from models.mailbox import MailSecurity, MailServer
from models.viewer import System
from tests.support.emails.synced_mailbox import (
    announced,
    connected,
    eventually,
    letter,
    row_of,
    states,
    subjects_of,
    synced,
)
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import a_member, an_account
from tests.support.servers.dovecot import PASSWORD, USERNAME, Dovecot, dovecot
from tests.support.waiting import NEVER, PATIENCE

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def server() -> Iterator[Dovecot]:
    with dovecot() as server:
        yield server


@contextmanager
def signed_in(server: Dovecot) -> Iterator[imaplib.IMAP4]:
    """As another mail program of the same person."""
    with imaplib.IMAP4("127.0.0.1", server.port, timeout=PATIENCE) as other:
        other.login(USERNAME, PASSWORD)
        yield other


def named(folder: str) -> str:
    return f'"{to_wire(folder)}"'


def put(server: Dovecot, folder: str, *letters: bytes) -> None:
    with signed_in(server) as other:
        other.create(named(folder))
        for raw in letters:
            assert other.append(named(folder), "", "", raw)[0] == "OK"


def move(server: Dovecot, uid: int, source: str, target: str) -> None:
    with signed_in(server) as other:
        other.select(named(source))
        assert other.uid("COPY", str(uid), named(target))[0] == "OK"
        other.uid("STORE", str(uid), "+FLAGS", "(\\Deleted)")
        other.expunge()


async def of(by: System, server: Dovecot) -> UUID:
    return await connected(by, MailServer("127.0.0.1", server.port, MailSecurity.NONE))


async def test_nested_folders_are_read_moved_among_and_renamed_and_nothing_is_told_twice(
    server: Dovecot, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    put(server, "Mandanten.Müller & Söhne", letter(subject="1"), letter(subject="2"))
    put(server, "Gesendete Post", letter(subject="sent"))
    put(server, "Papierkorb", letter(subject="deleted"))
    mailbox_id = await of(by, server)
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["1", "2", "sent"]
    told = await announced(by.firm_id)
    move(server, 1, "Mandanten.Müller & Söhne", "INBOX")
    with signed_in(server) as other:
        other.rename(named("Mandanten"), named("Klienten"))
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == await states(mailbox_id, "Klienten.Müller & Söhne") == ["STORED"]
    assert await announced(by.firm_id) == told
    viewer = await a_member(by)
    health = (await mailbox.health_of(viewer, [mailbox_id]))[mailbox_id]
    assert {folder.name: (folder.synced, folder.stored) for folder in health.folders} == {
        "INBOX": (True, 1),
        "Gesendete Post": (True, 1),
        "Klienten.Müller & Söhne": (True, 1),
        "Klienten": (False, 0),
        "Papierkorb": (False, 0),
    }
    assert health.on_server == health.stored == 3
    with signed_in(server) as other:
        other.delete(named("Klienten.Müller & Söhne"))
    await synced(mailbox_id, tools)
    assert (await mailbox.health_of(viewer, [mailbox_id]))[mailbox_id].on_server == 2
    assert await subjects_of(account.id) == ["1", "2", "sent"]


@asynccontextmanager
async def working(tools: Tools) -> AsyncIterator[None]:
    worker = Worker(development=True, parsers=tools.parsers, timeout=NEVER)
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        await worker.stop()
        await running


async def test_what_is_filed_elsewhere_is_noticed_at_once(
    server: Dovecot, by: System, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attending, "POLL_SECONDS", (NEVER, NEVER))
    account = await an_account(by, address=MARTA, email_sync=True)
    put(server, "Clients")
    mailbox_id = await of(by, server)

    async def live() -> bool:
        return bool((await row_of(mailbox_id))["state"] == "LIVE")

    async def seen(*subjects: str) -> bool:
        return set(subjects) <= set(await subjects_of(account.id))

    async with working(tools):
        await eventually(live)
        for number, folder in enumerate(("Clients", "INBOX", "New", "Clients")):
            await asyncio.to_thread(put, server, folder, letter(subject=str(number)))
            await eventually(lambda number=number: seen(str(number)))  # type: ignore[misc]
