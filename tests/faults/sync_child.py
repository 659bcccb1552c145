"""One complete pass, to be killed in it: python -m tests.faults.sync_child <database url> <var> <mailbox id>"""

import asyncio
import sys
from pathlib import Path
from uuid import UUID

from mail.parsing import ParserPool
from mail.sync import Tools, sync_once
from models.ground import files, keys, store
from models.ground.settings import Settings
from tests.support.database.store import KEY
from tests.support.waiting import PATIENCE


async def main(url: str, var: str, mailbox_id: str) -> int:
    keys.use(KEY)
    files.open_files(Settings(var=Path(var)))
    await store.open_store(url)
    async with ParserPool(workers=1) as parsers:
        done = await sync_once(UUID(mailbox_id), Tools(parsers, development=True, timeout=PATIENCE))
    await store.close()
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
