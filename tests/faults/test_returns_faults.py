"""Killed while it reads reports: none is missed, and each counts once (R17)."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from uuid import UUID

import pytest

from models.ground import store as database
from models.viewer import System
from tests.imap_server import ARRIVED, ImapServer
from tests.letters import sent_all, written
from tests.make import a_firm, a_member, an_address
from tests.reports import a_report
from tests.smtp_server import SmtpSink

pytestmark = [pytest.mark.usefixtures("own_store"), pytest.mark.faults]
CHECKOUT = Path(__file__).parents[2]
REPORTS = 2


async def looked(url: str, server: ImapServer, *, crash_at: int = 0) -> tuple[int | None, list[str]]:
    """How the child ended, and where it was killed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.returns_child", url, str(server.server.port)),
        cwd=CHECKOUT,
        env={**os.environ, "CRASH_AT": str(crash_at)},
        stderr=PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode in {0, -signal.SIGKILL}, said.decode()
    return process.returncode, [line for line in said.decode().splitlines() if line.startswith("killed at")]


async def come_back(by: System, server: ImapServer, round_: int) -> list[UUID]:
    """Letters that have left, and a report on each in the mailbox."""
    ids = {}
    for address in (f"{round_}-{n}@client.test" for n in range(REPORTS)):
        ids[address] = await written(by, address, address_id=await an_address(by, address))
    async with SmtpSink() as sink:
        await sent_all(sink.server)
    for taken in sink.letters:
        server.inbox.append(a_report(taken.raw, about=taken.to[0]), ARRIVED)
    return list(ids.values())


async def test_killed_at_every_checkpoint_of_a_look(own_store: str) -> None:
    """Each time other reports; then the next worker goes on."""
    by, killed_at = await a_firm(), list[str]()
    await a_member(by)
    async with ImapServer() as server:
        for round_ in range(1, 100):
            letter_ids = await come_back(by, server, round_)
            ended, where = await looked(own_store, server, crash_at=round_)
            killed_at += where
            if ended != 0:
                await database.execute("UPDATE return_mailbox SET lease_until = now() - interval '1 s'")
                assert await looked(own_store, server) == (0, [])
            states = await database.rows("SELECT state FROM letter WHERE id = ANY($1)", letter_ids)
            assert [row["state"] for row in states] == ["BOUNCED"] * REPORTS, where
            assert await database.value("SELECT sum(count) FROM notification") == round_ * REPORTS, where
            if ended == 0:
                break
    assert len(set(killed_at)) == 3, killed_at
    assert len(killed_at) == 2 + REPORTS
