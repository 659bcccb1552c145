"""What a large e-mail costs of the process that sends it (P7)."""

import asyncio
import os
import random
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from models.ground import store as database
from models.viewer import Viewer
from tests.support.emails.sending_mailbox import a_box, a_sink, owner_who_writes
from tests.support.emails.submissions import a_file, state_of, written
from tests.support.emails.synced_mailbox import source_of
from tests.support.processes.memory import MB, said_by
from tests.support.processes.switchboard import CHECKOUT
from tests.support.waiting import patience

pytestmark = [
    pytest.mark.usefixtures("store"),
    pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs /proc to see how much memory it was"),
]
CHILD = "from tests.support.processes.sending_memory import run; run()"
CONTENT = random.Random(25).randbytes(25 * MB)
by = owner_who_writes


async def test_files_of_25_mb_leave_with_a_little_memory(by: Viewer, store: str, tmp_path: Path) -> None:
    async with a_sink() as sink, patience():
        box = await a_box(by, sink)
        await database.execute("UPDATE mailbox SET state = 'PAUSED'")
        await written(by, box, attachments=[await a_file(by)])
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", CHILD, store, str(tmp_path)),
            stdin=PIPE,
            stdout=PIPE,
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        )
        assert child.stdin
        await said_by(child)
        email_id = await written(by, box, attachments=[await a_file(by, CONTENT)])
        child.stdin.write(b"on\n")
        await said_by(child)
        took = await said_by(child)
        await child.wait()
        assert await state_of(email_id) == "SENT"
        assert sink.letters[-1].raw == await source_of(by.firm_id, email_id)
        assert len(sink.letters[-1].raw) > 34 * MB
    assert took["worker"] < 120 * MB
