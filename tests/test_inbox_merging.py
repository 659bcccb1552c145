"""Entries of Inbox+ that turn out to be about one conversation become one, with their letters (R38)."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from models import housekeeping, journal, notification
from models.ground import clock, store
from models.ground.page import Window
from models.inbox_mail import write_digests, write_entries
from models.letter import LetterKind
from models.notification import Conversation, InboxFilter, NotificationView, Selection
from models.viewer import TeamRole, Viewer
from tests.support.firm.factories import a_firm, a_member, counting
from tests.support.firm.inbox import DIGEST, EMAIL, INBOX, NOON, at, chosen, letters, raised, read_all

pytestmark = pytest.mark.usefixtures("store")
ACCOUNT, OTHER = uuid7(), uuid7()


@pytest.fixture
async def by(store: str) -> Viewer:
    at(NOON)
    return await a_member(await a_firm())


async def entries(by: Viewer, wanted: InboxFilter | None = None) -> Sequence[NotificationView]:
    return (await notification.page(by, wanted or InboxFilter(archived=None), Window(50))).rows


async def joined(by: Viewer, *threads: UUID) -> None:
    """The last of them is what the others are part of."""
    async with store.transaction():
        await notification.merge(by, dict.fromkeys(threads[:-1], threads[-1]))


async def two_threads(by: Viewer, *senders: UUID) -> tuple[UUID, UUID]:
    first, second = uuid7(), uuid7()
    await raised(by, "one", about=Conversation(first, senders), accounts=senders)
    await raised(by, "two", about=Conversation(second, senders), accounts=senders)
    return first, second


async def test_what_is_left_is_what_came_last_unread_with_what_nobody_has_read(by: Viewer) -> None:
    first, second = await two_threads(by, ACCOUNT)
    await raised(by, "three", about=Conversation(first, (ACCOUNT,)), accounts=(ACCOUNT, OTHER))
    await joined(by, second, first)
    (entry,) = await entries(by)
    assert (entry.text, entry.count, entry.read) == ("three", 3, False)
    assert entry.account_ids == (ACCOUNT, OTHER)


async def test_other_senders_and_other_colleagues_keep_their_own(by: Viewer) -> None:
    colleague = await a_member(by, role=TeamRole.EMPLOYEE)
    first, second = await two_threads(by, ACCOUNT)
    await raised(by, "another client", about=Conversation(first, (OTHER,)))
    await read_all(colleague)
    await joined(by, first, second)
    assert [(one.text, one.count, one.read) for one in await entries(by)] == [
        ("another client", 1, False),
        ("two", 2, False),
    ]
    assert [(one.text, one.read) for one in await entries(colleague)] == [("another client", True), ("two", True)]


async def test_the_next_message_finds_the_entry_whichever_thread_stays(by: Viewer) -> None:
    first, second = await two_threads(by, ACCOUNT)
    await joined(by, first, second)
    await raised(by, "three", about=Conversation(second, (ACCOUNT,)))
    third = uuid7()
    await joined(by, second, third)  # of which nobody was told
    await raised(by, "four", about=Conversation(third, (ACCOUNT,)))
    (entry,) = await entries(by)
    assert (entry.text, entry.count) == ("four", 4)


@pytest.mark.parametrize("both", [False, True])
async def test_what_is_left_is_archived_only_where_all_of_it_is(by: Viewer, both: bool) -> None:
    threads = await two_threads(by, ACCOUNT)
    two, one = await entries(by)
    await notification.archive(by, Selection(ids=(two.id, *([one.id] if both else []))), archived=True)
    await joined(by, *threads)
    (entry,) = await entries(by)
    assert (entry.id, entry.archived) == (two.id, both)


async def test_one_letter_for_what_is_one_now_until_it_is_read(by: Viewer) -> None:
    await chosen(by, INBOX, EMAIL)
    first, second = uuid7(), uuid7()
    await raised(by, "one", about=Conversation(first, (ACCOUNT,)))
    assert await write_entries() == 1
    await raised(by, "two", about=Conversation(second, (ACCOUNT,)))
    await joined(by, first, second)
    assert await write_entries() == 0
    await read_all(by)
    await raised(by, "three", about=Conversation(second, (ACCOUNT,)))
    assert await write_entries() == 1


async def test_two_that_wait_for_a_letter_get_one(by: Viewer) -> None:
    await chosen(by, INBOX, EMAIL)
    await joined(by, *await two_threads(by, ACCOUNT))
    assert await write_entries() == 1
    (only,) = await letters()
    assert (only["entry"]["text"], only["entry"]["count"]) == ("two", 2)


async def test_outside_of_the_inbox_the_next_letter_comes_an_hour_after_the_last(by: Viewer) -> None:
    await chosen(by, EMAIL)
    first, second = uuid7(), uuid7()
    await raised(by, "one", about=Conversation(first, (ACCOUNT,)))
    assert await write_entries() == 1
    at(NOON + timedelta(minutes=50))
    await raised(by, "two", about=Conversation(second, (ACCOUNT,)))
    await joined(by, first, second)
    assert await write_entries() == 0
    at(NOON + timedelta(hours=1))
    assert await write_entries() == 1


async def test_the_digest_tells_of_what_is_one_now_once(by: Viewer) -> None:
    await chosen(by, INBOX, DIGEST)
    await joined(by, *await two_threads(by, ACCOUNT))
    at(NOON + timedelta(days=1))
    assert await write_digests() == 1
    (digest,) = await letters(LetterKind.INBOX_DIGEST)
    assert [(one["text"], one["count"]) for one in digest["entries"]] == [("two", 2)]


async def test_what_an_earlier_release_made_meanwhile_stays_beside_it(by: Viewer) -> None:
    """It does not say of which thread it is."""
    first, second = await two_threads(by, ACCOUNT)
    await store.execute("UPDATE notification SET thread_id = NULL, senders = '{}' WHERE text = 'two'")
    await joined(by, first, second)
    assert [one.text for one in await entries(by)] == ["two", "one"]
    await raised(by, "three", about=Conversation(second, (ACCOUNT,)))
    assert [(one.text, one.count) for one in await entries(by)] == [("three", 2), ("one", 1)]


async def test_merging_a_hundred_threads_takes_as_many_statements_as_merging_two(by: Viewer) -> None:
    threads = await two_threads(by, ACCOUNT)
    async with counting() as for_two:
        await joined(by, *threads)
    for _ in range(9):
        await a_member(by)
    many = [uuid7() for _ in range(120)]
    for thread in many:
        await raised(by, "one of many", about=Conversation(thread, (ACCOUNT,)))
    head = await journal.head(by.firm_id)
    async with counting() as for_many:
        await joined(by, *many)
    assert len(for_many) == len(for_two)
    assert [one.count for one in await entries(by)] == [120, 2]
    told = [entry for batch in await journal.since(by.firm_id, head) for entry in batch.entries]
    assert max(len(entry.touched) for entry in told) == 100
    assert sum(len(entry.touched) for entry in told) == 1_200


async def test_what_is_gone_is_kept_for_longer_than_a_feed_reaches_back(by: Viewer) -> None:
    clock.set_source(None)
    await joined(by, *await two_threads(by, ACCOUNT))
    assert (await housekeeping.sweep())["notification"] == 0
    await store.execute("UPDATE notification SET gone_at = gone_at - interval '31 days'")
    assert (await housekeeping.sweep())["notification"] == 1


async def test_marking_all_tells_the_feed_of_all(by: Viewer) -> None:
    for _ in range(130):
        await raised(by)
    head = await journal.head(by.firm_id)
    done = await notification.mark(by, Selection(matching=InboxFilter()), read=True)
    (batch,) = await journal.since(by.firm_id, head)
    assert [len(entry.touched) for entry in batch.entries] == [100, 30]
    assert (len(done.ids), done.cursor) == (100, batch.cursor)
