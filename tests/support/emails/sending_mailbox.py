"""A server that takes what a mailbox sends, and what a test asks of what is on its way."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from models.ground import files, store
from models.ground.settings import Settings
from models.mailbox import MailSecurity, MailServer
from models.viewer import System, Viewer
from tests.support.emails.submissions import state_of, way_of
from tests.support.emails.synced_mailbox import NOBODY, connected, eventually
from tests.support.firm.cast import STUDIO
from tests.support.firm.factories import a_firm, a_member
from tests.support.servers.smtp import SmtpSink

BEA, CARL = "bea@client.test", "carl@client.test"
IN = {"AUTH": "235 2.7.0 in"}


def a_sink(**how: Any) -> SmtpSink:
    """A server for sending that takes any password."""
    how["answers"] = IN | how.get("answers", {})
    return SmtpSink(extensions=("AUTH PLAIN", "SMTPUTF8", "SIZE 40000000"), **how)


async def a_writer(tmp_path: Path) -> Viewer:
    """Of a firm with a place for files."""
    files.open_files(Settings(var=tmp_path))
    return await a_member(
        await a_firm(),
    )


@pytest.fixture
async def owner_who_writes(store: str, tmp_path: Path) -> Viewer:
    """In a module `by = owner_who_writes`."""
    return await a_writer(tmp_path)


def there(sink: SmtpSink) -> MailServer:
    return MailServer("127.0.0.1", sink.port, MailSecurity.NONE)


async def a_box(by: Viewer, sink: SmtpSink, imap: MailServer = NOBODY, address: str = STUDIO) -> UUID:
    return await connected(System(by.firm_id), imap, smtp=there(sink), address=address)


async def none_is_read() -> None:
    """All are paused and send all the same: else each try to read one ends its line, and another begins."""
    await store.execute("UPDATE mailbox SET state = 'PAUSED'")


async def is_now(email_id: UUID, state: str) -> bool:
    return await state_of(email_id) == state


async def becomes(email_id: UUID, state: str) -> None:
    await eventually(lambda: is_now(email_id, state))


async def due_again() -> None:
    await store.execute("UPDATE submission SET due_at = now() WHERE settled_at IS NULL")


async def door_of(by: Viewer) -> tuple[str | None, str | None]:
    row = await store.row("SELECT smtp_error_code, smtp_error_path FROM mailbox WHERE firm_id = $1", by.firm_id)
    assert row is not None
    return row["smtp_error_code"], row["smtp_error_path"]


async def has_error(email_id: UUID) -> bool:
    return bool((await way_of(email_id))["error"])
