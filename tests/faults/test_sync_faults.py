"""Cut and killed wherever that can be: nothing lost, nothing twice (R22, P3, P8)."""

import asyncio
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from mail.sync import Tools, Worker, sync_once
from models.viewer import System
from tests.faults.syncing import child, long_dead, passed
from tests.support.database.failing import end_others
from tests.support.emails.synced_mailbox import connected, eventually, ledger_equals_server, letter, row_of, subjects_of
from tests.support.firm.cast import MARTA, STRANGER
from tests.support.firm.factories import a_firm, an_account
from tests.support.servers.imap import ARRIVED, ImapServer
from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.usefixtures("store"), pytest.mark.faults]
STEP = 997


def fill(server: ImapServer, messages: int) -> list[str]:
    """Both folders, every fourth message a stranger's; answers the subjects of the client's."""
    subjects = [f"{number:03}" for number in range(messages)]
    for number, subject in enumerate(subjects):
        sender = MARTA if number % 4 else STRANGER
        raw = letter(sender, subject=subject, text=f"{subject} " * 40, message_id=f"{subject}@client.test")
        server.folders[number % 2].append(raw, ARRIVED - timedelta(hours=number))
    return [subject for number, subject in enumerate(subjects) if number % 4]


async def test_the_line_cut_at_every_997th_byte(server: ImapServer, tools: Tools) -> None:
    subjects = fill(server, 16)
    total, cut = STEP + 1, 0
    while cut < total:
        by = await a_firm()
        account = await an_account(by, address=MARTA, email_sync=True)
        mailbox_id = await connected(by, server.server)
        before, server.cut_after = server.sent, cut or None
        await sync_once(mailbox_id, tools)
        server.cut_after = None
        assert await sync_once(mailbox_id, tools), cut
        await ledger_equals_server(server, mailbox_id)
        assert await subjects_of(account.id) == subjects, cut
        if cut == 0:
            total = server.sent - before
        cut += STEP
    assert total > 10 * STEP


async def test_the_database_ends_every_connection_again_and_again(
    server: ImapServer, store: str, by: System, tools: Tools
) -> None:
    subjects = fill(server, 40)
    account = await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, server.server)
    worker = Worker(development=True, parsers=tools.parsers, timeout=PATIENCE)
    running = asyncio.create_task(worker.run())
    other = await asyncpg.connect(store)
    for number in range(10):
        server.inbox.append(letter(subject=f"x{number}"))
        await end_others(other)
        await other.execute("UPDATE mailbox SET retry_at = NULL WHERE retry_at > now()")

    async def all_there() -> bool:
        await other.execute("UPDATE mailbox SET retry_at = NULL WHERE retry_at > now()")
        query = "SELECT count(*) FROM email_account WHERE account_id = $1"
        return bool(await other.fetchval(query, account.id) == len(subjects) + 10)

    await eventually(all_there)
    await other.close()
    await worker.stop()
    await running
    assert await sync_once(mailbox_id, tools)
    await ledger_equals_server(server, mailbox_id)


async def test_killed_at_every_checkpoint_of_a_backfill(
    server: ImapServer, store: str, by: System, tmp_path: Path
) -> None:
    """Each time another mailbox from the start; then the next worker goes on."""
    subjects = fill(server, 120)
    killed_at: list[str] = []
    for crash_at in range(1, 100):
        firm = await a_firm()
        account = await an_account(firm, address=MARTA, email_sync=True)
        mailbox_id = await connected(firm, server.server)
        if (where := await passed(store, tmp_path, mailbox_id, crash_at=crash_at)) is None:
            break
        killed_at.append(where)
        await long_dead()
        assert await passed(store, tmp_path, mailbox_id) is None
        await ledger_equals_server(server, mailbox_id)
        assert await subjects_of(account.id) == subjects, killed_at
    assert len(set(killed_at)) >= 6, killed_at


async def test_killed_again_and_again_one_backfill_comes_to_its_end(
    server: ImapServer, store: str, by: System, tmp_path: Path
) -> None:
    """One mailbox, killed at the first checkpoint, then at the second of what is left, and so on."""
    subjects = fill(server, 40)
    account = await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, server.server)
    for crash_at in range(1, 100):
        if await passed(store, tmp_path, mailbox_id, crash_at=crash_at) is None:
            break
        await long_dead()
    await ledger_equals_server(server, mailbox_id)
    assert await subjects_of(account.id) == subjects


async def test_of_two_workers_one_is_killed_and_the_other_takes_over(
    server: ImapServer, store: str, by: System, tmp_path: Path, tools: Tools
) -> None:
    subjects = fill(server, 40)
    account = await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, server.server)
    reached = asyncio.Event()
    server.on_fetch = lambda uid: reached.set()
    process = await child(store, tmp_path, mailbox_id)
    await reached.wait()
    assert not await sync_once(mailbox_id, tools)  # the first one holds it
    process.kill()
    await process.wait()

    async def taken_over() -> bool:
        await long_dead()
        return await sync_once(mailbox_id, tools)

    await eventually(taken_over)
    await ledger_equals_server(server, mailbox_id)
    assert await subjects_of(account.id) == subjects
    assert (await row_of(mailbox_id))["lease_until"] is None
