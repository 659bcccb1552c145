"""Killed while it puts what was sent into Sent: there once, in the thread once, and nobody has to repair anything."""

from pathlib import Path
from uuid import UUID

import pytest

from mail.sync import Tools
from models import mailbox
from models.ground import files
from models.ground import store as database
from models.ground.settings import Settings
from models.mailbox import MailboxChange
from models.viewer import System, Viewer
from tests.faults.syncing import long_dead, passed
from tests.support.emails.sent_from_here import as_it_left, sent_here
from tests.support.emails.submissions import way_of
from tests.support.emails.synced_mailbox import connected, ledger_equals_server, ledger_of, synced
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import an_account
from tests.support.servers.imap import ImapServer

pytestmark = [pytest.mark.usefixtures("store"), pytest.mark.faults]


@pytest.fixture
async def box(server: ImapServer, by: System, writer: Viewer, tools: Tools, tmp_path: Path) -> UUID:
    files.open_files(Settings(var=tmp_path))
    await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, server.server)
    await mailbox.update(writer, mailbox_id, MailboxChange(keeps_sent=False))
    await synced(mailbox_id, tools)
    return mailbox_id


async def visited(url: str, var: Path, box: UUID, *, crash_at: int = 0) -> str | None:
    """By a worker in a process of its own: where it was killed, if it was. Then lease and wait are over."""
    where = await passed(url, var, box, crash_at=crash_at)
    await long_dead()
    await database.execute("UPDATE submission SET copy_due_at = now() WHERE copy = 'WANTED'")
    return where


@pytest.mark.parametrize("uidplus", [True, False])
async def test_killed_at_every_checkpoint_it_stands_once_in_sent_and_once_in_the_thread(
    server: ImapServer, writer: Viewer, box: UUID, store: str, tmp_path: Path, uidplus: bool
) -> None:
    if not uidplus:
        server.capabilities = server.capabilities.replace(" UIDPLUS", "")
    killed_at: list[str] = []
    for crash_at in range(1, 50):
        email_id = await sent_here(writer, box)
        where = await visited(store, tmp_path, box, crash_at=crash_at)
        if where:
            killed_at.append(where)
            assert await visited(store, tmp_path, box) is None
        assert await visited(store, tmp_path, box) is None
        raw = await as_it_left(email_id, text="Here it is.")
        places = [served.uid for served in server.folders[1].messages if email_id.hex in _bare(served.raw)]
        assert len(places) == 1, killed_at
        assert [row["uid"] for row in await ledger_of("Sent", box) if row["email_id"] == email_id] == places
        assert len(raw)
        assert (await way_of(email_id))["copy"] == "THERE"
        await ledger_equals_server(server, box)
        assert await database.value("SELECT count(*) FROM email") == crash_at
        if where is None:
            break
    names = {"looked for in Sent", "appended", "copy noted"}
    assert {f"killed at {name}" for name in names} <= set(killed_at), killed_at
    assert await database.value("SELECT found_keeps_sent FROM mailbox") is None


def _bare(raw: bytes) -> str:
    """Its header, without what ids are written with."""
    return raw.partition(b"\r\n\r\n")[0].decode().replace("-", "")


async def test_killed_while_it_looks_for_what_is_uncertain_it_is_found_by_the_next(
    server: ImapServer, writer: Viewer, box: UUID, store: str, tmp_path: Path
) -> None:
    for crash_at in range(1, 50):
        email_id = await sent_here(writer, box, state="UNCERTAIN")
        raw = await as_it_left(email_id, text="Here it is.")
        server.folders[1].append(raw.partition(b"\r\n")[2])  # known by its Message-ID alone
        where = await visited(store, tmp_path, box, crash_at=crash_at)
        if where:
            assert await visited(store, tmp_path, box) is None
        row = await way_of(email_id)
        assert (row["state"], row["copy"], row["handed_over"]) == ("SENT", "THERE", 1)
        if where is None:
            break
    assert crash_at > 3
