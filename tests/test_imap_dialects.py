"""Each of `tests/support/servers/imap_dialects`, end to end: a mailbox is synced, and the ledger equals the server."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from mail.sync import Tools
from models import mailbox
from models.ground import store
from models.viewer import System, TeamRole, Viewer
from tests.support.emails.synced_mailbox import (
    connected,
    ledger_of,
    letter,
    past,
    row_of,
    source_of,
    states,
    subjects_of,
    synced,
)
from tests.support.firm.cast import MARTA, STRANGER, STUDIO
from tests.support.firm.factories import an_account
from tests.support.servers.imap import ImapServer, ServedFolder
from tests.support.servers.imap_dialects import DIALECTS, Dialect

pytestmark = pytest.mark.usefixtures("store")

Read = list[tuple[str, ServedFolder]]


@pytest.fixture(params=DIALECTS, ids=lambda dialect: dialect.name)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    chosen: Dialect = request.param
    return chosen


@pytest.fixture
async def server(dialect: Dialect) -> AsyncIterator[ImapServer]:
    async with ImapServer(dialect.folders) as server:
        server.greeting, server.capabilities, server.wording = dialect.greeting, dialect.capabilities, dialect.wording
        yield server


def read_of(dialect: Dialect, server: ImapServer) -> Read:
    """The folders that are read, by the name they go by."""
    return [(box.read_as, folder) for box, folder in zip(dialect.boxes, server.folders, strict=True) if box.read_as]


async def test_a_mailbox_is_read_whatever_the_dialect_of_its_server(
    dialect: Dialect, server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    read = read_of(dialect, server)
    for number, folder in enumerate(server.folders):
        past(folder, letter(STRANGER), letter(subject=f"of {number}"), letter(subject="gone"), letter(STRANGER))
        folder.expunge(folder.messages[2].uid)
    copy = letter(STUDIO, [MARTA], subject="in each", message_id="copy@firm.test")
    for _, folder in read:
        past(folder, copy)
    if dialect.drafts_in_all_mail:
        read[0][1].append(letter(STUDIO, [MARTA], subject="not sent yet"), labels='"\\\\Draft"')
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    expected = sorted([*(f"of {server.folders.index(folder)}" for _, folder in read), "in each"])
    assert await subjects_of(account.id) == expected
    await agree(read, by, mailbox_id)

    asked = headers(server)
    read[-1][1].expunge(read[-1][1].messages[-1].uid)  # the newest, by which some count
    read[0][1].append(letter(subject="new"))
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == sorted([*expected, "new"])
    assert headers(server) == asked + 1  # no folder is begun anew
    await agree(read, by, mailbox_id)

    fetched = bodies(server)
    await synced(mailbox_id, tools)
    assert (headers(server), bodies(server)) == (asked + 1, fetched)
    assert (await row_of(mailbox_id))["state"] == "LIVE"
    assert await store.value("SELECT count(*) FROM email") == len(expected) + 1
    await agree(read, by, mailbox_id)


def bodies(server: ImapServer) -> int:
    """How often whole messages were asked for."""
    return len([command for command in server.commands if "BODY.PEEK[]" in command])


def headers(server: ImapServer) -> int:
    return len([command for command in server.commands if "HEADER.FIELDS" in command])


async def agree(read: Read, by: System, mailbox_id: UUID) -> None:
    """Row by row the ledger is what the server holds in the folders that are read, and in no other."""
    for name, folder in read:
        rows = await ledger_of(name, mailbox_id)
        assert [row["uid"] for row in rows] == [message.uid for message in folder.messages], name
        assert set(await states(mailbox_id, name)) <= {"STORED", "NOT_SWITCHED_ON"}
        for row, message in zip(rows, folder.messages, strict=True):
            if row["state"] == "STORED":
                assert body(await source_of(by.firm_id, row["email_id"])) == body(message.raw)
    viewer = Viewer(by.firm_id, mailbox_id, mailbox_id, TeamRole.OWNER, manage_accounts=True)
    health = (await mailbox.health_of(viewer, [mailbox_id]))[mailbox_id]
    assert health.on_server == sum(len(folder.messages) for _, folder in read)
    assert health.on_server == health.stored + sum(count for _, count in health.skipped)


def body(raw: bytes) -> bytes:
    return raw.partition(b"\r\n\r\n")[2]


def test_the_table_tells_where_each_dialect_is_known_from_and_names_each_once() -> None:
    names = [dialect.name for dialect in DIALECTS]
    assert len(set(names)) == len(names) >= 40
    assert all(dialect.known_from for dialect in DIALECTS)
    assert {"Gmail", "Microsoft 365"} <= set(names)
