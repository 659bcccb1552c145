"""A pass in a process of its own, to be killed; and the leases of the dead."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from uuid import UUID

from models.ground import store as database

CHECKOUT = Path(__file__).parents[2]


async def child(url: str, var: Path, mailbox_id: UUID, *, crash_at: int = 0) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.sync_child", url, str(var), str(mailbox_id)),
        cwd=CHECKOUT,
        env={**os.environ, "CRASH_AT": str(crash_at)},
        stderr=PIPE,
    )


async def passed(url: str, var: Path, mailbox_id: UUID, *, crash_at: int = 0) -> str | None:
    """To its end: where it was killed; None: it is complete."""
    process = await child(url, var, mailbox_id, crash_at=crash_at)
    _, said = await process.communicate()
    if process.returncode == -signal.SIGKILL:
        return next(line for line in said.decode().splitlines() if line.startswith("killed at"))
    assert process.returncode == 0, said.decode()
    return None


async def long_dead() -> None:
    """As if the minute of every lease were over."""
    await database.execute("UPDATE mailbox SET lease_until = now() - interval '1 s' WHERE lease_until IS NOT NULL")
