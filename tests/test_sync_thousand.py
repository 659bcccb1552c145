"""Mailboxes of any size and shape, whose folders come and go while they are read (R22)."""

import re
from collections.abc import Callable

import pytest

from mail.imap.names import to_wire
from mail.sync import Tools, sync_once
from models import mailbox
from models.ground import store
from models.viewer import System
from tests.support.emails.synced_mailbox import (
    announced,
    connected,
    ledger_equals_server,
    ledger_of,
    letter,
    past,
    states,
    subjects_of,
    synced,
)
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import a_member, an_account
from tests.support.servers.any_mailbox import ODD_NAMES
from tests.support.servers.imap import ImapServer, ServedFolder

pytestmark = pytest.mark.usefixtures("store")


def listed_as(name: str) -> bytes:
    return b'* LIST () "/" "%b"' % re.sub(rb'(["\\])', rb"\\\1", to_wire(name).encode())


async def test_a_thousand_folders_nested_some_of_them_no_folders_are_all_looked_at(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    names = [*(f"Clients/{n % 10}/{n % 100}/{n}" for n in range(980)), *ODD_NAMES]
    server.folders += [ServedFolder(to_wire(name), line=listed_as(name)) for name in names]
    server.folders += [ServedFolder(f"Clients/{n}", "\\Noselect \\HasChildren") for n in range(10)]
    for number in (0, 500, 979, *range(980, 990)):
        past(server.folders[2 + number], letter(subject=f"{number:03}"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["000", "500", *(str(number) for number in range(979, 990))]
    viewer = await a_member(by)
    health = (await mailbox.health_of(viewer, [mailbox_id]))[mailbox_id]
    assert {folder.name: folder.stored for folder in health.folders if folder.name in ODD_NAMES} == dict.fromkeys(
        ODD_NAMES, 1
    )
    assert [folder.synced for folder in health.folders].count(False) == 10
    assert health.on_server == health.stored == 13
    server.commands.clear()
    await synced(mailbox_id, tools)
    assert not any(command.startswith("EXAMINE") for command in server.commands)


def once(act: Callable[[], None]) -> Callable[[int], None]:
    """Before the third message of those that are fetched goes out."""
    count = 0

    def on_fetch(uid: int) -> None:
        nonlocal count
        count += 1
        if count == 3:
            act()

    return on_fetch


@pytest.fixture
def clients(server: ImapServer) -> ServedFolder:
    folder = ServedFolder("Clients", changed=server._wake)
    server.folders.append(folder)
    past(server.inbox, letter(subject="in"))
    past(folder, *(letter(subject=str(number)) for number in range(5)))
    return folder


@pytest.mark.parametrize("bodies", [False, True], ids=["headers", "bodies"])
@pytest.mark.parametrize("told", [False, True], ids=["cut", "refused"])
async def test_a_folder_that_is_deleted_while_it_is_read_is_gone_and_the_others_are_there(
    server: ImapServer, clients: ServedFolder, by: System, tools: Tools, bodies: bool, told: bool
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)

    def delete() -> None:
        server.folders.remove(clients)
        if not told:
            raise ConnectionError
        server.say["UID FETCH"] = b"{tag} NO [NONEXISTENT] There is no such folder\r\n"

    doing = once(delete)
    server.on_fetch = lambda uid: doing(uid) if _is_about(server, clients, bodies=bodies) else None
    mailbox_id = await connected(by, server.server)
    await sync_once(mailbox_id, tools)
    server.say.clear()
    await synced(mailbox_id, tools)
    assert "in" in await subjects_of(account.id)
    await ledger_equals_server(server, mailbox_id)


def _is_about(server: ImapServer, folder: ServedFolder, *, bodies: bool) -> bool:
    """The last folder that was opened is this one, and bodies, or headers, are fetched."""
    opened = [command for command in server.commands if command.startswith("EXAMINE")]
    return opened[-1:] == [f'EXAMINE "{folder.name}"'] and bodies == server.commands[-1].endswith("BODY.PEEK[])")


@pytest.mark.parametrize("bodies", [False, True], ids=["headers", "bodies"])
async def test_a_folder_that_is_emptied_while_it_is_read_is_empty_in_the_ledger(
    server: ImapServer, clients: ServedFolder, by: System, tools: Tools, bodies: bool
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)

    def empty() -> None:
        clients.messages = []
        clients.changed()

    doing = once(empty)
    server.on_fetch = lambda uid: doing(uid) if _is_about(server, clients, bodies=bodies) else None
    mailbox_id = await connected(by, server.server)
    for _ in range(2):
        await synced(mailbox_id, tools)
    assert "in" in await subjects_of(account.id)
    assert await ledger_of("Clients", mailbox_id) == []
    await ledger_equals_server(server, mailbox_id)


@pytest.mark.parametrize("bodies", [False, True], ids=["headers", "bodies"])
async def test_a_folder_that_is_renamed_while_it_is_read_loses_nothing_and_tells_nothing_twice(
    server: ImapServer, clients: ServedFolder, by: System, tools: Tools, bodies: bool
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    doing = once(lambda: setattr(clients, "name", "Archive"))
    server.on_fetch = lambda uid: doing(uid) if _is_about(server, clients, bodies=bodies) else None
    mailbox_id = await connected(by, server.server)
    for _ in range(2):
        await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["0", "1", "2", "3", "4", "in"]
    assert await states(mailbox_id, "Archive") == ["STORED"] * 5
    assert not any(about_one for about_one, _ in await announced(by.firm_id))
    assert await store.value("SELECT count(*) FROM email") == 6
    await ledger_equals_server(server, mailbox_id)


async def test_a_folder_whose_new_numbers_come_with_moves_loses_nothing(
    server: ImapServer, clients: ServedFolder, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    moved = clients.messages[0]
    clients.expunge(moved.uid)
    clients.renumber()
    server.inbox.append(moved.raw, moved.received_at)
    server.commands.clear()
    await synced(mailbox_id, tools)
    assert not any("BODY.PEEK[]" in command for command in server.commands)
    assert await subjects_of(account.id) == ["0", "1", "2", "3", "4", "in"]
    await ledger_equals_server(server, mailbox_id)
