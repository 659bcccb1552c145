"""What the benchmarks of mailboxes share: mailboxes at a scripted server in this process, which a worker reads."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter
from uuid import UUID

from bench.ground import Ground
from models import mailbox
from models.ground import store
from models.mailbox import NewMailbox
from tests.support.emails.synced_mailbox import NOBODY
from tests.support.servers.imap import ImapServer

PATIENCE = 600.0


async def connected(on: Ground, server: ImapServer, count: int = 1) -> list[UUID]:
    """So many mailboxes, all of them the one that is served."""
    names = [f"studio-{number}@firm.test" for number in range(count)]
    new = [NewMailbox(name, server.password, server.server, NOBODY, username=server.username) for name in names]
    return [(await mailbox.connect(on.firm, each)).ids[0] for each in new]


async def until(check: Callable[[], Awaitable[object]]) -> float:
    """Seconds until it holds."""
    begun = perf_counter()
    async with asyncio.timeout(PATIENCE):
        while not await check():  # noqa: ASYNC110 - another process or the database is what changes
            await asyncio.sleep(0.01)
    return perf_counter() - begun


async def until_live(ids: Sequence[UUID]) -> float:
    """Seconds until a worker has looked at all of them."""
    query = "SELECT count(*) FROM mailbox WHERE id = ANY($1::uuid[]) AND state = 'LIVE'"

    async def live() -> bool:
        return bool(await store.value(query, list(ids)) == len(ids))

    return await until(live)
