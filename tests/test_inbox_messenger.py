"""What looks for letters about Inbox+ as long as the process lives (R38)."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from models.ground import store
from models.inbox_mail import Messenger
from models.viewer import Viewer
from tests.support.database.failing import end_others
from tests.support.emails.synced_mailbox import eventually
from tests.support.firm.factories import a_firm, a_member
from tests.support.firm.inbox import ATTENTION, DIGEST, EMAIL, INBOX, at, chosen, raised
from tests.support.waiting import patience


@pytest.fixture
async def by(own_store: str) -> Viewer:
    """Who wants a letter for each e-mail, and a digest of mailboxes that need attention."""
    at(datetime(2026, 6, 1, 6, tzinfo=UTC))
    member = await a_member(await a_firm())
    await chosen(member, INBOX, EMAIL)
    await chosen(member, INBOX, DIGEST, kinds=[ATTENTION])
    return member


async def test_several_at_work_write_each_once_and_all_stop_when_told(by: Viewer) -> None:
    messengers = [Messenger() for _ in range(3)]
    await raised(by, kind=ATTENTION)
    at(datetime(2026, 6, 1, 7, tzinfo=UTC))
    running = [asyncio.create_task(one.run()) for one in messengers]
    await raised(by)

    async def both() -> bool:
        return bool(await store.value("SELECT count(DISTINCT kind) = 2 FROM letter"))

    await eventually(both)
    async with patience():
        await asyncio.gather(*(one.stop() for one in messengers))
        await asyncio.gather(*running)
    rows = await store.rows("SELECT kind FROM letter ORDER BY kind")
    assert [row["kind"] for row in rows] == ["INBOX_DIGEST", "INBOX_ENTRY"]


async def test_it_survives_a_database_that_ends_every_connection(by: Viewer, own_store: str) -> None:
    messenger = Messenger()
    running = asyncio.create_task(messenger.run())
    other = await asyncpg.connect(own_store)
    await raised(by)
    for _ in range(20):
        await end_others(other)

    async def written() -> bool:
        return bool(await other.fetchval("SELECT count(*) = 1 FROM letter"))

    await eventually(written)
    await other.close()
    async with patience():
        await messenger.stop()
        await running
