"""
The loop knows its tasks weakly: one that nobody keeps is collected while it waits, now or never, as the collector
pleases. So it is called here, while everything of the house waits for something.
"""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from mail.demo.doors import inboxes_of, open_imap, open_smtp
from mail.demo.mailboxes import KeptMailboxSet
from mail.demo.tokens import Tokens
from mail.demo.users import MAILBOXES
from mail.outbox import Outbox
from mail.sync import Worker
from models.housekeeping import Housekeeper
from tests.support.api.client import Api, bearer
from tests.support.api.streams import followed_at
from tests.support.emails.synced_mailbox import connected
from tests.support.firm import factories
from tests.support.letters.outbox import a_route
from tests.support.servers.imap import ImapServer
from tests.support.servers.smtp import SmtpSink
from tests.support.waiting import patience

FEED = "subscription { togglesChanged { __typename } }"


async def test_a_session_with_the_demo_mailboxes_outlives_the_collector(tmp_path: Path) -> None:
    async with demo_doors(tmp_path) as (imap, smtp):
        for port, greeting in ((imap, b"* OK"), (smtp, b"220")):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert (await reader.readline()).startswith(greeting)
            assert lost() == []
            writer.write(b"NOOP\r\n" if port == smtp else b"a NOOP\r\n")
            assert b"OK" in await reader.readline()
            writer.close()


async def test_feeds_and_workers_outlive_the_collector(api: Api) -> None:
    by = await factories.a_firm()
    owner = await factories.signed_in(by)
    async with ImapServer() as server, SmtpSink() as sink, AsyncExitStack() as stack:
        await connected(by, server.server)
        for worker in (Worker(development=True), Outbox(a_route(sink.server)), Housekeeper()):
            await stack.enter_async_context(running(worker))
        socket = await stack.enter_async_context(api.follow(FEED, as_=owner))
        stream = await stack.enter_async_context(followed_at(api.url, FEED, headers=bearer(owner)))
        assert await socket.next() == {"__typename": "FeedReady"}
        assert await stream.answer() == {"data": {"togglesChanged": {"__typename": "FeedReady"}}}
        async with patience():
            await server.until("IDLE")
        assert lost() == []
        await factories.an_account(by, login=True)
        assert await socket.next() == {"__typename": "TogglesChanged"}
        assert await stream.answer() == {"data": {"togglesChanged": {"__typename": "TogglesChanged"}}}


@asynccontextmanager
async def running(worker: Worker | Outbox | Housekeeper) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        await worker.stop()
        await task


@asynccontextmanager
async def demo_doors(folder: Path) -> AsyncIterator[tuple[int, int]]:
    """The ports of the demo's mail server, which runs in this process here."""
    mailboxes = {user.address: KeptMailboxSet(folder, mailbox=user.address) for user in MAILBOXES}
    tokens = Tokens()
    async with AsyncExitStack() as stack:
        imap = await open_imap(mailboxes, tokens, port=0, stack=stack)
        yield imap, await open_smtp(inboxes_of(mailboxes), tokens, port=0, stack=stack)


def lost() -> list[str]:
    """The tasks that waited, and that the collector took."""
    waiting = [(weakref.ref(task), repr(task)) for task in asyncio.all_tasks()]
    gc.collect()
    return [name for task, name in waiting if task() is None]
