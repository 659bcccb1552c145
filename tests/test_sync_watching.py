"""How soon something is noticed, and what the server is asked for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mail.parsing import ParserPool
from mail.sync import Tools, Worker, attending, sync_once, turns
from models.viewer import System
from tests.support.emails.synced_mailbox import (
    announced,
    connected,
    eventually,
    ledger_equals_server,
    letter,
    past,
    row_of,
    subjects_of,
    synced,
)
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import an_account, counting, switched
from tests.support.servers.imap import ImapServer, ServedFolder
from tests.support.waiting import NEVER, patience

pytestmark = pytest.mark.usefixtures("store")


@asynccontextmanager
async def working(parsers: ParserPool) -> AsyncIterator[None]:
    worker = Worker(development=True, parsers=parsers, timeout=NEVER)
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        await worker.stop()
        await running


async def idling(server: ImapServer) -> None:
    async with patience():
        await server.until("IDLE")


@pytest.fixture
def clients(server: ImapServer) -> ServedFolder:
    server.folders.append(ServedFolder("Clients", changed=server._wake))
    return server.folders[-1]


async def test_what_is_filed_elsewhere_is_noticed_at_once_where_the_server_tells(
    server: ImapServer, clients: ServedFolder, by: System, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attending, "POLL_SECONDS", (NEVER, NEVER))
    server.capabilities += " NOTIFY"
    account = await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, server.server)
    async with working(tools.parsers):
        await idling(server)
        clients.append(letter(subject="filed"))
        await eventually(lambda: subjects_of(account.id))
        server.inbox.append(letter(subject="arrived"))

        async def both() -> bool:
            return await subjects_of(account.id) == ["arrived", "filed"]

        await eventually(both)
    await ledger_equals_server(server, mailbox_id)


async def test_a_server_that_refuses_to_notify_is_watched_as_well(
    server: ImapServer, clients: ServedFolder, by: System, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attending, "POLL_SECONDS", (0.05, 0.05))
    server.capabilities += " NOTIFY"
    server.say["NOTIFY"] = b"{tag} NO [NOTIFICATIONOVERFLOW ] not today\r\n"
    account = await an_account(by, address=MARTA, email_sync=True)
    await connected(by, server.server)
    async with working(tools.parsers):
        await idling(server)
        clients.append(letter(subject="filed"))
        await eventually(lambda: subjects_of(account.id))


async def test_an_unchanged_mailbox_costs_one_question_and_the_same_statements_however_many_folders(
    server: ImapServer, by: System, tools: Tools
) -> None:
    server.capabilities += " LIST-EXTENDED LIST-STATUS"
    mailbox_id = await connected(by, server.server)
    sent = []
    for more in (0, 30):
        server.folders += [ServedFolder(f"Clients/{number}") for number in range(more)]
        for folder in server.folders:
            past(folder, letter(), letter())
        await synced(mailbox_id, tools)
        server.commands.clear()
        async with counting() as statements:
            await synced(mailbox_id, tools)
        sent.append(len(statements))
        asked = [command.split()[0] for command in server.commands if command not in ("CAPABILITY", "LOGIN", "LOGOUT")]
        assert asked == ["LIST"]
    assert sent[0] == sent[1] <= 10
    await ledger_equals_server(server, mailbox_id)


async def test_folders_of_which_the_list_does_not_tell_how_they_stand_are_asked_for_it(
    server: ImapServer, clients: ServedFolder, by: System, tools: Tools
) -> None:
    server.capabilities += " LIST-EXTENDED LIST-STATUS"
    account = await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    clients.append(letter(subject="filed"))
    server.say["LIST"] = (
        b"".join(b'* LIST () "/" %b\r\n' % name for name in (b"INBOX", b"Sent", b"Clients"))
        + b"* STATUS Clients (\r\n* STATUS Sent (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1)\r\n{tag} OK done\r\n"
    )
    server.commands.clear()
    await synced(mailbox_id, tools)
    assert [command for command in server.commands if command.startswith("STATUS")] == [
        *('STATUS "INBOX" (MESSAGES UIDNEXT UIDVALIDITY)', 'STATUS "Clients" (MESSAGES UIDNEXT UIDVALIDITY)')
    ]
    assert await subjects_of(account.id) == ["filed"]
    server.say["LIST"] = b"{tag} BAD what\r\n"
    assert not await sync_once(mailbox_id, tools)


class Restless(ServedFolder):
    """Its UIDNEXT moves whenever somebody looks."""

    looks = 0

    def __getattribute__(self, name: str) -> Any:
        if name == "uidnext":
            type(self).looks += 1
            return 100 + type(self).looks
        return super().__getattribute__(name)


async def test_a_uidnext_that_moves_at_each_look_is_looked_at_a_few_times_and_then_watched(
    by: System, tools: Tools
) -> None:
    async with ImapServer([Restless("INBOX"), ServedFolder("Sent", "\\Sent")]) as server:
        mailbox_id = await connected(by, server.server)
        async with working(tools.parsers):
            await idling(server)
            assert (await row_of(mailbox_id))["state"] == "LIVE"
        assert len([command for command in server.commands if command.startswith("EXAMINE")]) <= 10


@pytest.mark.parametrize(("where", "peeks"), [("Clients", 0.0), ("INBOX", NEVER)])
async def test_what_arrives_comes_before_what_is_left_of_the_history(
    server: ImapServer,
    clients: ServedFolder,
    by: System,
    tools: Tools,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    peeks: float,
) -> None:
    """Of a folder that is asked for it, and of the one that is open, which says so by itself."""
    monkeypatch.setattr(turns, "PEEK_SECONDS", peeks)
    account = await an_account(by, address=MARTA)
    past({"Clients": clients, "INBOX": server.inbox}[where], *(letter(subject=f"{number:04}") for number in range(400)))
    before = len(server.inbox.messages)
    await connected(by, server.server)

    def arrive(uid: int) -> None:
        if len(server.inbox.messages) == before and "BODY.PEEK[]" in server.commands[-1]:
            server.inbox.append(letter(subject="new"))

    async def complete() -> bool:
        return len(await subjects_of(account.id)) == 401

    async with working(tools.parsers):
        await idling(server)
        server.on_fetch = arrive
        await switched(by, account.id, account.address, email_sync=True)
        await eventually(complete)
    about_one = [about_one for about_one, _ in await announced(by.firm_id)]
    assert about_one.count(True) == 1
    assert about_one[-1] is False


async def test_history_gets_on_though_letters_come_all_the_time(
    server: ImapServer, by: System, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PEEK_SECONDS", NEVER)
    account = await an_account(by, address=MARTA)
    past(server.inbox, *(letter(subject="past") for _ in range(150)))
    await connected(by, server.server)

    def arrive(uid: int) -> None:
        if "BODY.PEEK[]" in server.commands[-1] and len(server.inbox.messages) < 1_000:
            server.inbox.append(letter(subject="new"))

    async def all_past() -> bool:
        return (await subjects_of(account.id)).count("past") == 150

    async with working(tools.parsers):
        await idling(server)
        server.on_fetch = arrive
        await switched(by, account.id, account.address, email_sync=True)
        await eventually(all_past)
        assert len(server.inbox.messages) < 1_000
        server.on_fetch = lambda uid: None
