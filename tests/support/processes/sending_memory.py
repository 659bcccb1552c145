"""
All that is due is sent, then, after a word on standard input, once more; how much memory the second time took, more
than there was before, as JSON, in bytes.

python -c "from tests.support.processes.sending_memory import run; run()" <database url> <var>
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from mail.parsing import ParserPool
from mail.sync import Tools
from mail.sync.attending import Attendance, attend
from models.ground import files, keys, store
from models.ground.settings import Settings
from models.mailbox import lease
from tests.support.database.store import KEY
from tests.support.processes.sync_memory import peak, peak_from_now_on
from tests.support.waiting import PATIENCE


def run() -> None:
    asyncio.run(_run(*sys.argv[1:]))


async def _run(url: str, var: str) -> None:
    keys.use(KEY)
    files.open_files(Settings(var=Path(var)))
    await store.open_store(url)
    async with ParserPool(workers=1) as parsers:
        tools = Tools(parsers, development=True, timeout=PATIENCE)
        await _send(tools)
        await asyncio.to_thread(sys.stdin.readline)
        before = peak_from_now_on(os.getpid())
        await _send(tools)
        print(json.dumps({"worker": peak(os.getpid()) - before}), flush=True)
    await store.close()


async def _send(tools: Tools) -> None:
    while claimed := await lease.claim("child", most=1):
        await attend(Attendance(claimed[0]), tools)
    print("{}", flush=True)
