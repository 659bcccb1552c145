"""Writes what is due of Inbox+ at a moment, then sends what there is to send; to be killed in it."""

import asyncio
import os
from datetime import datetime
from pathlib import Path

from models.ground import clock, keys, store
from models.inbox_mail import write_digests, write_entries
from tests.faults.outbox_child import pass_on
from tests.keeping import KEY


def run(said: Path, crash_at: int, url: str, port: str, moment: datetime) -> None:
    """A process of its own, forked from one that has imported all this. `said`: its standard error."""
    os.environ["CRASH_AT"] = str(crash_at)
    with said.open("wb") as file:
        os.dup2(file.fileno(), 2)
    asyncio.run(_main(url, port, moment))


async def _main(url: str, port: str, moment: datetime) -> None:
    keys.use(KEY)
    clock.set_source(lambda: moment)
    await store.open_store(url)
    await write_entries()
    await write_digests()
    assert await pass_on(port) is None
    await store.close()
