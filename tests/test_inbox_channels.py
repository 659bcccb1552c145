"""Each colleague chooses how to hear of each kind (R38): what an entry becomes, and when a letter is written for it."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from models import journal, notification, team
from models.errors import ErrorCode
from models.ground import store
from models.ground.page import Window
from models.ground.settings import Settings
from models.inbox_mail import write_entries
from models.letter import limit
from models.notification import InboxFilter, NotificationKind, NotificationSetting, Selection
from models.viewer import Viewer
from tests.support.firm.factories import a_firm, a_member, counting
from tests.support.firm.inbox import (
    ATTENTION,
    DIGEST,
    EMAIL,
    INBOX,
    NOON,
    RECEIVED,
    at,
    chosen,
    letters,
    raised,
    read_all,
)
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
ALL_IN_INBOX = {kind: {INBOX} for kind in NotificationKind}


@pytest.fixture
async def by(store: str) -> Viewer:
    at(NOON)
    return await a_member(await a_firm())


async def settings_of(by: Viewer) -> dict[NotificationKind, set[str]]:
    (view,) = (await team.by_ids(by, [by.member_id])).values()
    return {one.kind: set(one.channels) for one in view.notification_settings}


async def entries(by: Viewer) -> list[tuple[str, bool, bool]]:
    """Text, read, archived."""
    page = await notification.page(by, InboxFilter(archived=None), Window(50))
    return [(one.text, one.read, one.archived) for one in page.rows]


async def test_from_the_start_all_kinds_lie_in_inbox_and_nobody_is_written_to(by: Viewer) -> None:
    assert await settings_of(by) == ALL_IN_INBOX
    await raised(by)
    assert await write_entries() == 0
    assert await entries(by) == [("A letter", False, False)]


async def test_what_is_not_named_stays_and_the_journal_tells_what_changed(by: Viewer) -> None:
    await chosen(by, INBOX, EMAIL)
    head = await journal.head(by.firm_id)
    await chosen(by, DIGEST, kinds=[ATTENTION])
    assert (await settings_of(by))[RECEIVED] == {INBOX, EMAIL}
    assert (await settings_of(by))[ATTENTION] == {DIGEST}
    (batch,) = await journal.since(by.firm_id, head)
    (entry,) = batch.entries
    assert [(one.field, one.before, one.after) for one in entry.changes] == [
        ("notificationSettings.MAILBOX_NEEDS_ATTENTION", "INBOX", "DAILY_DIGEST")
    ]


async def test_the_same_again_changes_nothing(by: Viewer) -> None:
    await chosen(by, INBOX, EMAIL)
    done = await notification.set_member_settings(by, [NotificationSetting.of(RECEIVED, [EMAIL, INBOX])])
    assert (done.ids, done.cursor) == ((by.member_id,), None)


async def test_a_letter_and_a_digest_of_one_kind_and_a_kind_named_twice_are_refused_and_nothing_changes(
    by: Viewer,
) -> None:
    wished = [NotificationSetting.of(ATTENTION, [EMAIL]), NotificationSetting.of(RECEIVED, [EMAIL, DIGEST])]
    with refused(ErrorCode.INVALID, "settings", 1, "channels"):
        await notification.set_member_settings(by, wished)
    with refused(ErrorCode.INVALID, "settings", 2, "kind"):
        await notification.set_member_settings(by, [wished[0], NotificationSetting.of(RECEIVED, []), wished[0]])
    assert await settings_of(by) == ALL_IN_INBOX


async def test_a_colleagues_settings_are_not_shown_nor_changed(by: Viewer) -> None:
    other = await a_member(by)
    await chosen(by, EMAIL)
    (view,) = (await team.by_ids(other, [by.member_id])).values()
    assert view.notification_settings == ()
    assert (await settings_of(other))[RECEIVED] == {INBOX}


async def test_one_letter_for_a_thread_of_three_and_no_other_until_it_was_read(by: Viewer) -> None:
    other = await a_member(by)
    await chosen(by, INBOX, EMAIL)
    thread = uuid7()
    for text in ("one", "two", "three"):
        await raised(by, text, about=thread)
        await write_entries()
    at(NOON + timedelta(days=30))
    await raised(by, "four", about=thread)
    await write_entries()
    (only,) = await letters()
    assert only["entry"] == {"kind": "EMAIL_RECEIVED", "text": "one", "count": 1, "archived": False}
    assert await letters(to=other) == []
    await read_all(by)
    await raised(by, "five", about=thread)
    assert await write_entries() == 1
    assert [each["entry"]["text"] for each in await letters()] == ["one", "five"]


async def test_read_and_marked_unread_again_is_read(by: Viewer) -> None:
    await chosen(by, INBOX, EMAIL)
    thread = uuid7()
    await raised(by, about=thread)
    await write_entries()
    await read_all(by)
    await notification.mark(by, Selection(matching=InboxFilter()), read=False)
    await raised(by, about=thread)
    assert await write_entries() == 1


async def test_what_was_read_before_its_letter_was_written_gets_none(by: Viewer) -> None:
    await chosen(by, INBOX, EMAIL)
    await raised(by)
    await read_all(by)
    assert await write_entries() == 0


async def test_without_inbox_an_entry_is_archived_and_mails_again_after_an_hour(by: Viewer) -> None:
    await chosen(by, EMAIL)
    thread = uuid7()
    await raised(by, "one", about=thread)
    assert await write_entries() == 1
    assert await entries(by) == [("one", False, True)]
    await read_all(by)  # nobody need, and it makes no hour shorter
    at(NOON + timedelta(minutes=59))
    await raised(by, "two", about=thread)
    assert await write_entries() == 0
    at(NOON + timedelta(minutes=60))
    assert await write_entries() == 1
    at(NOON + timedelta(minutes=121))
    await raised(by, "three", about=thread)
    assert await write_entries() == 1
    assert [each["entry"]["text"] for each in await letters()] == ["one", "two", "three"]
    assert await notification.unread_count(by) == 0


async def test_a_clock_that_is_set_back_holds_a_letter_up_for_an_hour_at_the_most(by: Viewer) -> None:
    await chosen(by, EMAIL)
    thread = uuid7()
    await raised(by, about=thread)
    await write_entries()
    at(NOON - timedelta(days=300))
    await raised(by, about=thread)
    at(NOON - timedelta(days=300) + timedelta(hours=1))
    assert await write_entries() == 1


async def test_neither_inbox_nor_letter_is_not_told(by: Viewer) -> None:
    await chosen(by)
    await raised(by)
    assert await write_entries() == 0
    assert await entries(by) == [("A letter", False, True)]
    assert await notification.unread_count(by) == 0


async def test_whoever_started_it_has_its_entry_in_inbox_whatever_they_chose(by: Viewer) -> None:
    other = await a_member(by)
    await chosen(by)
    await chosen(other)
    await raised(by, started_by=by.member_id)
    assert await entries(by) == [("A letter", False, False)]
    assert await entries(other) == [("A letter", False, True)]


async def test_that_a_bulk_update_finished_is_told_to_whoever_started_it_alone_and_by_letter_if_they_like(
    by: Viewer,
) -> None:
    finished, other = NotificationKind.BULK_UPDATE_FINISHED, await a_member(by)
    await chosen(by, EMAIL, kinds=[finished])
    await chosen(other, INBOX, EMAIL, kinds=[finished])
    await raised(by, "212 on", kind=finished, only=by.member_id, started_by=by.member_id)
    assert await entries(by) == [("212 on", False, False)]
    assert await entries(other) == []
    assert await write_entries() == 1
    (facts,) = await letters(to=by)
    assert facts["entry"]["kind"] == "BULK_UPDATE_FINISHED"


async def test_what_is_quiet_makes_an_entry_and_never_a_letter(by: Viewer) -> None:
    await chosen(by, INBOX, EMAIL)
    thread = uuid7()
    await raised(by, "automatic", about=thread, quiet=True)
    assert await write_entries() == 0
    assert await entries(by) == [("automatic", False, False)]
    await raised(by, "a person", about=thread)
    assert await write_entries() == 1


async def test_what_is_quiet_takes_no_letter_from_what_is_not(by: Viewer) -> None:
    await chosen(by, INBOX, EMAIL)
    thread = uuid7()
    await raised(by, "a person", about=thread)
    await raised(by, "automatic", about=thread, quiet=True)
    assert await write_entries() == 1


async def test_a_removed_colleague_gets_none_written_and_none_that_was(by: Viewer) -> None:
    gone, going = await a_member(by), await a_member(by)
    for member in (gone, going):
        await chosen(member, INBOX, EMAIL)
    await raised(by)
    await team.remove(by, gone.member_id)
    assert await write_entries() == 1
    await team.remove(by, going.member_id)
    rows = await store.rows("SELECT state, member_id FROM letter")
    assert [(row["state"], row["member_id"]) for row in rows] == [("CANCELLED", going.member_id)]
    assert await store.value("SELECT count(*) FROM notification WHERE mail_at IS NOT NULL") == 0


async def test_who_wants_no_letters_any_more_gets_none_of_what_waits(by: Viewer) -> None:
    await chosen(by, INBOX, EMAIL)
    await raised(by)
    await chosen(by, INBOX)
    assert await write_entries() == 0
    await chosen(by, INBOX, EMAIL)
    assert await write_entries() == 0


@pytest.fixture
def limited() -> Iterator[Callable[[int], None]]:
    """Letters of one urgency to one colleague in an hour."""
    yield lambda most: limit(Settings.model_validate({"notices_per_recipient": most, "letters_per_recipient": most}))
    limit(Settings())


async def test_what_has_no_room_waits_for_it_and_takes_none_from_a_colleague(
    by: Viewer, limited: Callable[[int], None]
) -> None:
    limited(5)
    other = await a_member(by)
    await chosen(by, INBOX, EMAIL)
    for n in range(7):
        await raised(by, str(n))
    assert await write_entries() == 5
    await chosen(other, INBOX, EMAIL)
    await raised(by, "other", only=other.member_id)
    assert await write_entries() == 1
    at(NOON + timedelta(hours=1, seconds=1))
    assert await write_entries() == 2
    assert [each["entry"]["text"] for each in await letters(to=by)] == list("0123456")


async def test_many_take_as_many_statements_as_one(by: Viewer, limited: Callable[[int], None]) -> None:
    limited(1000)
    await chosen(by, INBOX, EMAIL)
    await raised(by)
    async with counting() as for_one:
        assert await write_entries() == 1
    for member in [await a_member(by) for _ in range(9)]:
        await chosen(member, INBOX, EMAIL)
    for _ in range(12):
        await raised(by)
    async with counting() as for_many:
        assert await write_entries() == 120
    assert len(for_many) == len(for_one)


async def test_two_workers_at_once_write_each_letter_once(by: Viewer) -> None:
    await chosen(by, INBOX, EMAIL)
    await raised(by)
    assert sum(await asyncio.gather(*(write_entries() for _ in range(4)))) == 1


async def test_another_firms_settings_are_its_own(by: Viewer) -> None:
    elsewhere = await a_member(await a_firm())
    await chosen(elsewhere, INBOX, EMAIL)
    await raised(by)
    assert await write_entries() == 0
