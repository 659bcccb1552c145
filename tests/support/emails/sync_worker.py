"""The worker of the sync, at work while a test looks on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

from mail.parse import ParsedEmail, parse
from mail.parsing import ParserPool
from mail.sync import Worker
from tests.support.emails.synced_mailbox import row_of
from tests.support.servers.imap import ImapServer
from tests.support.waiting import NEVER, patience


@asynccontextmanager
async def working(
    parsers: ParserPool | None = None, wakes: Callable[[UUID], Awaitable[None]] | None = None, most: int = 300
) -> AsyncIterator[Worker]:
    worker = Worker(development=True, parsers=parsers, wakes=wakes, most=most, timeout=NEVER)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        await worker.stop()
        await running


async def is_live(mailbox_id: UUID) -> bool:
    return bool((await row_of(mailbox_id))["state"] == "LIVE")


async def idling(server: ImapServer) -> None:
    async with patience():
        await server.until("IDLE")


def reading_all_but_odd(raw: bytes) -> ParsedEmail:
    return replace(parse(raw), subject="\0") if b"odd" in raw else parse(raw)
