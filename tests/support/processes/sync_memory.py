"""
A pass, then, after a word on standard input, another one; what the second took, as JSON, in bytes: `worker`, more than
before, and `parser`, all that it had at its peak.

python -c "from tests.support.processes.sync_memory import run; run()" <database url> <var> <mailbox id>,
so that parsers load no more than those of `switchboard` do.
"""

import asyncio
import json
import multiprocessing
import os
import sys
from pathlib import Path
from uuid import UUID

from mail.parsing import ParserPool
from mail.sync import Tools, sync_once
from models.ground import files, keys, store
from models.ground.settings import Settings
from tests.support.database.store import KEY
from tests.support.waiting import PATIENCE


def run() -> None:
    asyncio.run(_run(*sys.argv[1:]))


async def _run(url: str, var: str, mailbox_id: str) -> None:
    keys.use(KEY)
    files.open_files(Settings(var=Path(var)))
    await store.open_store(url)
    async with ParserPool(workers=1) as parsers:
        tools = Tools(parsers, development=True, timeout=PATIENCE)
        await _passed(mailbox_id, tools)
        await asyncio.to_thread(sys.stdin.readline)
        parser, before = _parser(), peak_from_now_on(os.getpid())
        peak_from_now_on(parser)
        await _passed(mailbox_id, tools)
        assert _parser() == parser, "it has ended over the message"
        print(json.dumps({"worker": peak(os.getpid()) - before, "parser": peak(parser)}), flush=True)
    await store.close()


async def _passed(mailbox_id: str, tools: Tools) -> None:
    assert await sync_once(UUID(mailbox_id), tools)
    print("{}", flush=True)


def _parser() -> int:
    (process,) = multiprocessing.active_children()
    assert process.pid
    return process.pid


def peak_from_now_on(pid: int) -> int:
    """Its memory now; what was before is forgotten (proc(5), /proc/pid/clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return peak(pid)


def peak(pid: int) -> int:
    words = Path(f"/proc/{pid}/status").read_text().split()
    return int(words[words.index("VmHWM:") + 1]) * 1024
