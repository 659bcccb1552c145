"""Entries of Inbox+ (R38): raised, collapsed, marked, and whose they are."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from models import journal, notification
from models.errors import ErrorCode
from models.ground import clock, store
from models.ground.page import Window
from models.notification import (
    InboxFilter,
    NewNotification,
    NotificationKind,
    NotificationView,
    Selection,
    archive,
    mark,
)
from models.viewer import Actor, TeamRole, Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import a_firm, a_member, counting
from tests.support.firm.inbox import saying
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
RECEIVED, ATTENTION = NotificationKind.EMAIL_RECEIVED, NotificationKind.MAILBOX_NEEDS_ATTENTION
by = owner_of_a_new_firm


async def _raise(by: Actor, text: str, *, about: UUID | None = None, kind: NotificationKind = RECEIVED) -> int:
    async with store.transaction() as tx:
        await notification.raise_for_team(by, [NewNotification(kind, about or uuid7(), uuid7(), saying(text))])
    assert tx.cursor is not None
    return tx.cursor


async def _inbox(by: Viewer, wanted: InboxFilter | None = None) -> list[NotificationView]:
    wanted = wanted or InboxFilter()
    page = await notification.page(by, wanted, Window(50))
    assert await notification.count(by, wanted) == len(page.rows)
    return list(page.rows)


async def _texts(by: Viewer, wanted: InboxFilter | None = None) -> list[str]:
    return [one.text for one in await _inbox(by, wanted)]


async def test_everybody_in_the_team_gets_an_entry_of_their_own(by: Viewer) -> None:
    other = await a_member(by, role=TeamRole.EMPLOYEE)
    elsewhere = await a_member(await a_firm())
    await _raise(by, "A letter")
    (mine,), (theirs,) = await _inbox(by), await _inbox(other)
    assert mine.id != theirs.id
    assert (mine.text, mine.count, mine.read, mine.archived) == ("A letter", 1, False, False)
    assert await _inbox(elsewhere) == []


async def test_what_moved_last_comes_first(by: Viewer) -> None:
    thread = uuid7()
    for text, about in (("one", thread), ("two", None), ("three", None), ("one again", thread)):
        await _raise(by, text, about=about)
    assert await _texts(by) == ["one again", "three", "two"]


async def test_messages_of_one_thread_collapse_and_count_until_they_are_read(by: Viewer) -> None:
    thread, now = uuid7(), datetime(2026, 3, 1, tzinfo=UTC)
    for n in range(3):
        clock.set_source(lambda n=n: now + timedelta(hours=n))  # type: ignore[misc]
        await _raise(by, f"message {n}", about=thread)
    (entry,) = await _inbox(by)
    assert (entry.text, entry.count, entry.occurred_at) == ("message 2", 3, now + timedelta(hours=2))
    await mark(by, Selection(ids=(entry.id,)), read=True)
    await archive(by, Selection(ids=(entry.id,)), archived=True)
    await _raise(by, "message 3", about=thread)
    (entry,) = await _inbox(by)
    assert (entry.text, entry.count, entry.read, entry.archived) == ("message 3", 1, False, False)


async def test_two_kinds_about_one_thing_do_not_collapse(by: Viewer) -> None:
    about = uuid7()
    await _raise(by, "a", about=about)
    await _raise(by, "b", about=about, kind=ATTENTION)
    assert await _texts(by) == ["b", "a"]
    assert await _texts(by, InboxFilter(kinds=(ATTENTION,))) == ["b"]
    assert await _texts(by, InboxFilter(kinds=())) == []


async def test_marking_some_counts_them_down_and_marking_again_changes_nothing(by: Viewer) -> None:
    for text in "abc":
        await _raise(by, text)
    entries = await _inbox(by)
    assert await notification.unread_count(by) == 3
    done = await mark(by, Selection(ids=(entries[0].id, entries[1].id)), read=True)
    assert set(done.ids) == {entries[0].id, entries[1].id}
    assert done.cursor == await journal.head(by.firm_id)
    assert await notification.unread_count(by) == 1
    assert (await mark(by, Selection(ids=(entries[0].id,)), read=True)).cursor is None
    assert await _texts(by, InboxFilter(read=True)) == ["c", "b"]
    await mark(by, Selection(ids=(entries[0].id,)), read=False)
    assert await notification.unread_count(by) == 2


async def test_marking_moves_nothing(by: Viewer) -> None:
    for text in "abc":
        await _raise(by, text)
    await mark(by, Selection(ids=((await _inbox(by))[1].id,)), read=True)
    assert await _texts(by) == ["c", "b", "a"]


async def test_all_read_up_to_what_was_seen_leaves_later_ones_unread(by: Viewer) -> None:
    await _raise(by, "seen")
    cursor = await _raise(by, "seen too")
    await _raise(by, "came meanwhile")
    await mark(by, Selection(matching=InboxFilter(up_to=cursor)), read=True)
    assert await _texts(by, InboxFilter(read=False)) == ["came meanwhile"]


async def test_what_moved_after_the_cursor_is_not_marked_although_it_was_there_before(by: Viewer) -> None:
    thread = uuid7()
    cursor = await _raise(by, "first", about=thread)
    await _raise(by, "second", about=thread)
    assert (await mark(by, Selection(matching=InboxFilter(up_to=cursor)), read=True)).ids == ()
    assert await notification.unread_count(by) == 1


async def test_archived_entries_are_out_of_the_way_and_can_be_taken_back(by: Viewer) -> None:
    for text in "ab":
        await _raise(by, text)
    await archive(by, Selection(matching=InboxFilter(kinds=(RECEIVED,))), archived=True)
    assert await _texts(by) == []
    assert await notification.unread_count(by) == 0
    gone = await _inbox(by, InboxFilter(archived=True))
    await archive(by, Selection(ids=(gone[0].id,)), archived=False)
    assert await _texts(by) == ["b"]
    assert len(await _inbox(by, InboxFilter(archived=None))) == 2


async def test_a_colleagues_entry_is_not_there(by: Viewer) -> None:
    other, elsewhere = await a_member(by), await a_member(await a_firm())
    await _raise(by, "a")
    (theirs,) = await _inbox(other)
    (mine,) = await _inbox(by)
    for viewer in (by, elsewhere):
        for verb in (
            mark(viewer, Selection(ids=(theirs.id,)), read=True),
            archive(viewer, Selection(ids=(theirs.id,)), archived=True),
        ):
            with refused(ErrorCode.NOT_FOUND, "notifications", "ids", 0):
                await verb
        assert await notification.by_ids(viewer, [theirs.id]) == {}
    with refused(ErrorCode.NOT_FOUND, "notifications", "ids", 1):
        await mark(by, Selection(ids=(mine.id, theirs.id)), read=True)
    assert await notification.unread_count(by) == await notification.unread_count(other) == 1


async def test_marking_all_leaves_colleagues_alone(by: Viewer) -> None:
    other = await a_member(by)
    await _raise(by, "a")
    await mark(by, Selection(matching=InboxFilter()), read=True)
    assert (await notification.unread_count(by), await notification.unread_count(other)) == (0, 1)


async def test_only_whose_inbox_moved_hears_of_it(by: Viewer) -> None:
    await a_member(by)
    await _raise(by, "a")
    head = await journal.head(by.firm_id)
    await mark(by, Selection(matching=InboxFilter()), read=True)
    (batch,) = await journal.since(by.firm_id, head)
    (entry,) = batch.of(journal.FeedKind.NOTIFICATIONS_MOVED)
    assert entry.audience == frozenset({by.member_id})


async def test_more_than_a_hundred_ids_are_refused_and_all_matching_are_not(by: Viewer) -> None:
    with refused(ErrorCode.INVALID, "notifications", "ids"):
        await mark(by, Selection(ids=tuple(uuid7() for _ in range(101))), read=True)
    async with store.transaction():
        news = [NewNotification(RECEIVED, uuid7(), uuid7(), saying(str(n))) for n in range(130)]
        await notification.raise_for_team(by, news)
    assert len((await mark(by, Selection(matching=InboxFilter()), read=True)).ids) == 100
    assert await notification.unread_count(by) == 0


async def test_a_long_text_is_cut_and_a_firm_without_a_team_hears_nothing(by: Viewer) -> None:
    await _raise(by, "  " + "x" * 600)
    assert await _texts(by) == ["x" * 500]
    empty = await a_firm()
    async with store.transaction() as tx:
        await notification.raise_for_team(empty, [NewNotification(RECEIVED, uuid7(), uuid7(), saying("a"))])
    assert tx.cursor is None


async def test_a_batch_takes_as_many_statements_as_one_entry_however_large_the_team() -> None:
    by = await a_member(await a_firm())
    async with counting() as for_one:
        await _raise(by, "a")
    team = [by, *[await a_member(by) for _ in range(39)]]
    news = [NewNotification(RECEIVED, uuid7(), uuid7(), saying(str(n))) for n in range(500)]
    async with counting() as for_many, store.transaction():
        await notification.raise_for_team(by, news)
    assert len(for_many) == len(for_one)
    assert {await notification.unread_count(member) for member in team} == {500 + (member is by) for member in team}


async def test_a_batch_leaves_what_the_same_entries_leave_raised_one_by_one(by: Viewer) -> None:
    """Threads collapse, also within the batch, and count from where they were last read."""
    gone = await a_member(by)
    await store.execute("UPDATE team_member SET state = 'REMOVED' WHERE id = $1", gone.member_id)
    other, apart = await a_member(by), await a_member(await a_firm())
    read, unread, fresh = uuid7(), uuid7(), uuid7()
    for viewer in (by, apart):
        await _raise(viewer, "before", about=read)
        await mark(viewer, Selection(matching=InboxFilter()), read=True)
        await _raise(viewer, "before", about=unread)
    told = [(fresh, "1"), (read, "2"), (unread, "3"), (fresh, "4"), (read, "5"), (uuid7(), "6")]
    async with store.transaction():
        await notification.raise_for_team(
            by, [NewNotification(RECEIVED, about, uuid7(), saying(text)) for about, text in told]
        )
    async with store.transaction():
        for about, text in told:
            await notification.raise_for_team(apart, [NewNotification(RECEIVED, about, uuid7(), saying(text))])
    seen = [[(one.text, one.count, one.read) for one in await _inbox(viewer)] for viewer in (by, apart)]
    assert seen[0] == seen[1] == [("6", 1, False), ("4", 2, False), ("3", 2, False), ("5", 2, False)]
    assert [(one.text, one.count) for one in await _inbox(other)] == [("6", 1), ("4", 2), ("3", 2), ("5", 3)]


async def test_of_a_batch_each_member_gets_what_is_theirs_and_who_is_gone_leaves_it_to_all(by: Viewer) -> None:
    other = await a_member(by)
    head = await journal.head(by.firm_id)
    news = [
        NewNotification(RECEIVED, uuid7(), uuid7(), saying("for you"), only=by.member_id),
        NewNotification(RECEIVED, uuid7(), uuid7(), saying("for all"), only=uuid7()),
    ]
    async with store.transaction():
        await notification.raise_for_team(by, news)
    assert (await _texts(by), await _texts(other)) == (["for all", "for you"], ["for all"])
    (batch,) = await journal.since(by.firm_id, head)
    (entry,) = batch.of(journal.FeedKind.NOTIFICATIONS_MOVED)
    assert (entry.audience, len(entry.touched)) == (frozenset({by.member_id, other.member_id}), 3)


async def test_an_empty_batch_asks_the_database_nothing(by: Viewer) -> None:
    async with counting() as statements, store.transaction() as tx:
        await notification.raise_for_team(by, [])
    assert (tx.cursor, statements) == (None, [])
