"""A message that is moved, and a folder that is renamed: neither fetched again nor told again (R22)."""

import pytest

from mail.sync import Tools, sync_once
from models.viewer import System
from tests.support.emails.synced_mailbox import (
    announced,
    connected,
    ledger_equals_server,
    letter,
    notifications,
    past,
    row_of,
    states,
    subjects_of,
    synced,
)
from tests.support.firm.cast import MARTA, STRANGER
from tests.support.firm.factories import a_member, an_account, switched
from tests.support.servers.imap import ImapServer, ServedFolder

pytestmark = pytest.mark.usefixtures("store")


def move(uid: int, source: ServedFolder, target: ServedFolder) -> None:
    """As RFC 6851: another UID, the same date."""
    message = next(message for message in source.messages if message.uid == uid)
    target.append(message.raw, message.received_at)
    source.expunge(uid)


def fetched(server: ImapServer) -> list[str]:
    return [command for command in server.commands if "BODY.PEEK[]" in command]


@pytest.fixture
def clients(server: ImapServer) -> ServedFolder:
    folder = ServedFolder("Clients")
    server.folders.append(folder)
    return folder


@pytest.mark.parametrize("back", [False, True])
async def test_what_is_moved_is_neither_fetched_nor_told_again(
    server: ImapServer, clients: ServedFolder, by: System, tools: Tools, back: bool
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    await a_member(by)
    source, target = (clients, server.inbox) if back else (server.inbox, clients)
    past(source, letter(subject="1"), letter(STRANGER), letter(subject="2"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    source.append(letter(subject="3"))
    await synced(mailbox_id, tools)
    told = await announced(by.firm_id)
    assert await notifications(by) == [(f"{MARTA}: 3", 1)]
    server.commands.clear()
    for uid in (4, 1, 2):
        move(uid, source, target)
    target.append(letter(STRANGER))
    await synced(mailbox_id, tools)
    assert fetched(server) == []
    assert await announced(by.firm_id) == told
    assert await notifications(by) == [(f"{MARTA}: 3", 1)]
    assert await states(mailbox_id, target.name) == ["STORED", "STORED", "NOT_SWITCHED_ON", "NOT_SWITCHED_ON"]
    assert await subjects_of(account.id) == ["1", "2", "3"]
    await ledger_equals_server(server, mailbox_id)


async def test_a_renamed_folder_is_listed_anew_and_nothing_of_it_is_fetched_or_told(
    server: ImapServer, clients: ServedFolder, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    past(clients, letter(subject="1"), letter(subject="2"), letter(STRANGER))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    told = await announced(by.firm_id)
    server.commands.clear()
    clients.name = "Archive/Clients"
    await synced(mailbox_id, tools)
    assert fetched(server) == []
    assert await announced(by.firm_id) == told
    assert await states(mailbox_id, "Archive/Clients") == ["STORED", "STORED", "NOT_SWITCHED_ON"]
    assert await subjects_of(account.id) == ["1", "2"]
    await ledger_equals_server(server, mailbox_id)
    clients.append(letter(subject="3"))
    await synced(mailbox_id, tools)
    assert [about_one for about_one, _ in await announced(by.firm_id)][len(told) :] == [True]


async def test_a_copy_that_stands_in_two_folders_is_read_there_too(
    server: ImapServer, clients: ServedFolder, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="1"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    told = await announced(by.firm_id)
    clients.append(server.inbox.messages[0].raw, server.inbox.messages[0].received_at)
    server.commands.clear()
    await synced(mailbox_id, tools)
    assert len(fetched(server)) == 1
    assert await subjects_of(account.id) == ["1"]
    assert await announced(by.firm_id) == told
    await ledger_equals_server(server, mailbox_id)


async def test_what_was_moved_before_it_was_fetched_is_told_once(
    server: ImapServer, clients: ServedFolder, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    await a_member(by)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    server.inbox.append(letter(subject="new"))
    server.on_fetch = lambda uid: server.refused_uids.add(uid)  # its header, but not its body
    await synced(mailbox_id, tools)
    assert await notifications(by) == []
    server.on_fetch, server.refused_uids = lambda uid: None, set()
    move(1, server.inbox, clients)
    for _ in range(2):
        await synced(mailbox_id, tools)
    assert await notifications(by) == [(f"{MARTA}: new", 1)]
    await ledger_equals_server(server, mailbox_id)


async def test_history_that_is_moved_while_it_is_fetched_stays_history(
    server: ImapServer, clients: ServedFolder, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA)
    await a_member(by)
    past(server.inbox, letter(subject="old"), letter(subject="older"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    move(1, server.inbox, clients)
    await switched(by, account.id, account.address, email_sync=True)
    server.say["UID FETCH"] = b"* BYE\r\n"
    assert not await sync_once(mailbox_id, tools)
    server.say.clear()
    move(2, server.inbox, clients)
    for _ in range(2):
        await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["old", "older"]
    assert await notifications(by) == []
    assert not any(about_one for about_one, _ in await announced(by.firm_id))
    await ledger_equals_server(server, mailbox_id)


async def test_what_comes_back_from_the_trash_is_known_again(server: ImapServer, by: System, tools: Tools) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    trash = ServedFolder("Trash", "\\Trash")
    server.folders.append(trash)
    past(server.inbox, letter(subject="1"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    move(1, server.inbox, trash)
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["1"]
    server.commands.clear()
    move(1, trash, server.inbox)
    await synced(mailbox_id, tools)
    assert fetched(server) == []
    assert await states(mailbox_id) == ["STORED"]


async def test_what_is_moved_away_and_back_between_two_looks_is_known_again(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA)
    await a_member(by)
    past(server.inbox, letter(subject="1"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    await switched(by, account.id, account.address, email_sync=True)
    move(1, server.inbox, server.inbox)
    await synced(mailbox_id, tools)
    assert await notifications(by) == []
    assert await subjects_of(account.id) == ["1"]
    server.commands.clear()
    move(2, server.inbox, server.inbox)
    await synced(mailbox_id, tools)
    assert fetched(server) == []
    await ledger_equals_server(server, mailbox_id)


async def test_the_same_message_id_with_other_content_is_not_what_was_moved(
    server: ImapServer, clients: ServedFolder, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="one", message_id="same@client.test"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    moved = server.inbox.messages[0]
    server.inbox.expunge(1)
    clients.append(letter(subject="another", message_id="same@client.test"), moved.received_at)
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["another", "one"]
    await ledger_equals_server(server, mailbox_id)


async def test_folders_that_stand_as_they_stood_are_not_opened(
    server: ImapServer, clients: ServedFolder, by: System, tools: Tools
) -> None:
    for folder in server.folders:
        past(folder, letter(), letter(STRANGER))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    server.commands.clear()
    await synced(mailbox_id, tools)
    opened = [command for command in server.commands if command.startswith("EXAMINE")]
    assert opened == []
    clients.expunge(1)
    await synced(mailbox_id, tools)
    assert [command for command in server.commands if command.startswith("EXAMINE")] == ['EXAMINE "Clients"']
    assert (await row_of(mailbox_id))["state"] == "LIVE"
    await ledger_equals_server(server, mailbox_id)


async def test_what_comes_back_from_the_trash_and_is_asked_for_by_now_is_history(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA)
    await a_member(by)
    trash = ServedFolder("Trash", "\\Trash")
    server.folders.append(trash)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    server.inbox.append(letter(subject="old"))
    await synced(mailbox_id, tools)
    move(1, server.inbox, trash)
    await synced(mailbox_id, tools)
    await switched(by, account.id, account.address, email_sync=True)
    move(1, trash, server.inbox)
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["old"]
    assert await notifications(by) == []
