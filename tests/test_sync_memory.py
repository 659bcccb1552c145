"""What a large message costs: of the process that receives it, and of the one that reads it (P7)."""

import asyncio
import os
import random
import sys
from asyncio.subprocess import PIPE
from base64 import encodebytes
from pathlib import Path

import pytest

from models.viewer import System
from tests.support.emails.synced_mailbox import connected, ledger_equals_server, letter, past, states
from tests.support.firm.cast import MARTA, STUDIO
from tests.support.firm.factories import an_account
from tests.support.processes.memory import MB, said_by
from tests.support.processes.switchboard import CHECKOUT
from tests.support.servers.imap import ImapServer
from tests.support.waiting import patience

pytestmark = [
    pytest.mark.usefixtures("store"),
    pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs /proc to see how much memory it was"),
]
ON_THE_WIRE = 25 * MB
CHILD = "from tests.support.processes.sync_memory import run; run()"
CONTENT = random.Random(25).randbytes(ON_THE_WIRE * 57 // 78)  # a line of 57 bytes is one of 78 on the wire


def _large(encoding: str, content: bytes) -> bytes:
    head = (
        f"From: {MARTA}\r\nTo: {STUDIO}\r\nSubject: The plans\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHere they are.\r\n'
        f"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: {encoding}\r\n"
        'Content-Disposition: attachment; filename="plans.pdf"\r\n\r\n'
    )
    return head.encode() + content + b"\r\n--b--\r\n"


ENCODED = {
    "base64": _large("base64", encodebytes(CONTENT).replace(b"\n", b"\r\n")),
    "8bit": _large("8bit", b"When does the glass come?\r\n" * (ON_THE_WIRE // 27)),
}


@pytest.mark.parametrize("encoding", ENCODED)
async def test_a_message_of_25_mb_takes_a_little_memory_of_its_worker_and_of_its_parser(
    server: ImapServer, by: System, store: str, tmp_path: Path, encoding: str
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(), letter())
    mailbox_id = await connected(by, server.server)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, store, str(tmp_path), str(mailbox_id)),
        stdin=PIPE,
        stdout=PIPE,
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    assert child.stdin
    async with patience():
        await said_by(child)
        server.inbox.append(ENCODED[encoding])
        child.stdin.write(b"on\n")
        await said_by(child)
        took = await said_by(child)
        await child.wait()
    assert await states(mailbox_id) == ["STORED"] * 3
    await ledger_equals_server(server, mailbox_id)
    assert took["worker"] < 120 * MB
    assert took["parser"] < 200 * MB
