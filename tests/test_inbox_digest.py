"""The digest of the day (R38): at 07:00 of the firm, one a day whatever clocks do, and only where something came."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from uuid_utils.compat import uuid7

from models import firm_settings, notification, team
from models.ground import clock, store
from models.ground.settings import Settings
from models.inbox_mail import write_digests, write_entries
from models.inbox_mail.morning import morning_in
from models.letter import LetterKind, limit
from models.notification import InboxFilter, NotificationChannel, Selection
from models.time_zone import zone_of
from models.viewer import Viewer
from tests.support.firm.factories import a_firm, a_member, counting
from tests.support.firm.inbox import ATTENTION, DIGEST, EMAIL, INBOX, at, chosen, letters, raised

ROME = ZoneInfo("Europe/Rome")


@pytest.fixture
async def by(store: str) -> Viewer:
    """A colleague of a firm in Rome, who wants a digest of what clients write."""
    rome(1, 12)
    member = await a_member(await a_firm())
    await firm_settings.update(member, {"time_zone": "Europe/Rome"})
    await chosen(member, INBOX, DIGEST)
    return member


def rome(day: int, hour: int, minute: int = 0, *, month: int = 6) -> None:
    """It is that time in Rome now, of 2026."""
    at(datetime(2026, month, day, hour, minute, tzinfo=ROME).astimezone(UTC))


async def digests(to: Viewer | None = None) -> list[list[str]]:
    """Texts of the entries of each that was written."""
    return [[one["text"] for one in facts["entries"]] for facts in await letters(LetterKind.INBOX_DIGEST, to)]


async def test_it_leaves_at_seven_with_what_came_since_the_last_one(by: Viewer) -> None:
    await raised(by, "a")
    await raised(by, "b")
    rome(2, 6, 59)
    assert await write_digests() == 0
    rome(2, 7)
    assert await write_digests() == 1
    await raised(by, "after seven")
    rome(2, 23)
    assert await write_digests() == 0
    rome(3, 7)
    assert await write_digests() == 1
    assert await digests() == [["b", "a"], ["after seven"]]
    assert await write_entries() == 0


async def test_what_comes_on_the_first_day_waits_for_the_next_morning(by: Viewer) -> None:
    rome(1, 15)
    await raised(by)
    assert await write_digests() == 0


async def test_none_where_nothing_came(by: Viewer) -> None:
    for day in (2, 3, 4):
        rome(day, 7)
        assert await write_digests() == 0
    assert await store.value("SELECT count(*) FROM inbox_digest") == 0


async def test_a_morning_without_a_worker_is_made_up_for_and_once_only(by: Viewer) -> None:
    await raised(by, "a")
    rome(5, 3)
    assert await write_digests() == 1
    await raised(by, "b")
    rome(5, 6, 59)
    assert await write_digests() == 0
    rome(5, 7)
    assert await write_digests() == 1
    assert await digests() == [["a"], ["b"]]


async def test_only_whoever_wants_it_and_only_of_the_kinds_they_named(by: Viewer) -> None:
    other = await a_member(by)
    await chosen(other, INBOX, DIGEST, kinds=[ATTENTION])
    await raised(by, "a letter")
    await raised(by, "a mailbox", kind=ATTENTION)
    rome(2, 7)
    assert await write_digests() == 2
    assert (await digests(by), await digests(other)) == ([["a letter"]], [["a mailbox"]])


async def test_what_was_read_in_inbox_is_not_told_again(by: Viewer) -> None:
    await raised(by, "read")
    await notification.mark(by, Selection(matching=InboxFilter()), read=True)
    rome(2, 7)
    assert await write_digests() == 0
    await raised(by, "read")
    await notification.mark(by, Selection(matching=InboxFilter()), read=True)
    await raised(by, "unread")
    rome(3, 7)
    await write_digests()
    assert await digests() == [["unread"]]


async def test_without_inbox_it_tells_what_lies_archived(by: Viewer) -> None:
    await chosen(by, DIGEST)
    await raised(by, "a")
    assert await notification.unread_count(by) == 0
    rome(2, 7)
    await write_digests()
    assert await digests() == [["a"]]


async def test_a_thread_that_goes_on_all_night_is_told_in_the_morning(by: Viewer) -> None:
    thread = uuid7()
    await raised(by, "one", about=thread)
    rome(2, 7)
    await raised(by, "two", about=thread)
    await write_digests()
    (facts,) = await letters(LetterKind.INBOX_DIGEST)
    assert facts["entries"] == [{"kind": "EMAIL_RECEIVED", "text": "two", "count": 2}]


async def test_of_many_entries_the_last_fifty_are_told_and_how_many_more(by: Viewer) -> None:
    for n in range(53):
        await raised(by, str(n))
    rome(2, 7)
    await write_digests()
    (facts,) = await letters(LetterKind.INBOX_DIGEST)
    assert [one["text"] for one in facts["entries"]] == [str(n) for n in range(52, 2, -1)]
    assert facts["more"] == 3
    rome(3, 7)
    assert await write_digests() == 0


async def test_what_is_automatic_brings_no_digest_about(by: Viewer) -> None:
    await raised(by, quiet=True)
    rome(2, 7)
    assert await write_digests() == 0


async def test_a_removed_colleague_gets_none_and_leaves_nothing_waiting(by: Viewer) -> None:
    gone = await a_member(by)
    await chosen(gone, INBOX, DIGEST)
    await raised(by)
    await team.remove(by, gone.member_id)
    rome(2, 7)
    assert await write_digests() == 1
    assert await digests(gone) == []
    assert await store.value("SELECT count(*) FROM notification WHERE digest_since IS NOT NULL") == 0


async def test_who_wants_none_any_more_gets_none(by: Viewer) -> None:
    await raised(by)
    await chosen(by, INBOX)
    rome(2, 7)
    assert await write_digests() == 0
    await chosen(by, INBOX, DIGEST)
    assert await write_digests() == 0


async def test_a_clock_that_is_set_back_brings_none_twice_and_loses_none(by: Viewer) -> None:
    await raised(by, "a")
    rome(4, 8)
    assert await write_digests() == 1
    rome(4, 6)  # set back by two hours, over seven o'clock
    await raised(by, "b")
    assert await write_digests() == 0
    rome(4, 7)
    assert await write_digests() == 0
    rome(5, 7)
    assert await write_digests() == 1
    assert await digests() == [["a"], ["b"]]


async def test_a_clock_that_was_a_year_ahead_for_a_while_stops_nothing(by: Viewer) -> None:
    await raised(by, "a")
    at(clock.now() + timedelta(days=365))
    assert await write_digests() == 1
    rome(2, 6)
    await raised(by, "b")
    rome(2, 7)
    assert await write_digests() == 1
    rome(2, 8)
    await raised(by, "c")
    assert await write_digests() == 0


@pytest.mark.parametrize(("month", "day"), [(3, 29), (10, 25)])
async def test_where_clocks_change_there_is_one_for_each_day(by: Viewer, month: int, day: int) -> None:
    """Every half an hour of three days around it, something new came."""
    rome(day - 1, 6, month=month)
    now, counted = clock.now(), []
    while now < datetime(2026, month, day + 1, 7, 30, tzinfo=ROME):
        at(now)
        await raised(by)
        if await write_digests():
            counted.append(now.astimezone(ROME).replace(tzinfo=None))
        now += timedelta(minutes=30)
    assert counted == [datetime(2026, month, day + n, 7) for n in (-1, 0, 1)]


async def test_a_firm_that_moves_to_another_zone_gets_one_a_day(by: Viewer) -> None:
    await raised(by, "a")
    rome(2, 7)
    assert await write_digests() == 1
    await raised(by, "b")
    await firm_settings.update(by, {"time_zone": "America/New_York"})
    at(datetime(2026, 6, 2, 11, tzinfo=UTC))  # seven in the morning there, on the same day
    assert await write_digests() == 0
    at(datetime(2026, 6, 3, 11, tzinfo=UTC))
    assert await write_digests() == 1
    assert await digests() == [["a"], ["b"]]


async def test_firms_in_two_zones_have_each_their_own_morning(by: Viewer) -> None:
    far = await a_member(await a_firm())
    await firm_settings.update(far, {"time_zone": "Pacific/Auckland"})
    await chosen(far, INBOX, DIGEST)
    await raised(by)
    await raised(far)
    at(datetime(2026, 6, 1, 19, tzinfo=UTC))  # seven on the second of June there
    assert await write_digests() == 1
    assert (await digests(far), await digests(by)) == ([["A letter"]], [])


@pytest.mark.parametrize("zone", ["Mars/Olympus_Mons", "Europe", "../etc/localtime", ""])
async def test_a_zone_that_this_machine_does_not_know_is_utc_and_stops_no_other_firms_digest(
    by: Viewer, zone: str
) -> None:
    lost = await a_member(await a_firm())
    await store.execute("UPDATE firm SET time_zone = $2 WHERE id = $1", lost.firm_id, zone)
    await chosen(lost, INBOX, DIGEST)
    for member in (by, lost):
        await raised(member, "a")
    zone_of.cache_clear()
    rome(2, 7)
    with capture_logs() as logs:
        assert [await write_digests() for _ in range(2)] == [1, 0]
        rome(2, 9)
        assert await write_digests() == 1
    assert [await digests(member) for member in (by, lost)] == [[["a"]], [["a"]]]
    assert [(entry["event"], entry["zone"], entry["instead"]) for entry in logs] == [("time_zone.unknown", zone, "UTC")]


@pytest.mark.usefixtures("own_store")
@pytest.mark.parametrize(("channel", "write"), [(DIGEST, write_digests), (EMAIL, write_entries)])
async def test_a_firm_that_fails_stops_no_other(
    channel: NotificationChannel, write: Callable[[], Awaitable[int]]
) -> None:
    rome(1, 12)
    colleagues = [await a_member(await a_firm()) for _ in range(3)]
    for member in colleagues:
        await chosen(member, INBOX, channel)
        await raised(member, "a")
    failing = sorted(colleagues, key=lambda member: member.firm_id)[1]
    # a fault of ours that nobody has thought of yet
    await store.execute(f"ALTER TABLE letter ADD CONSTRAINT a_fault CHECK (firm_id <> '{failing.firm_id}')")
    rome(2, 9)
    with capture_logs() as logs:
        assert await write() == 2
    assert [(entry["event"], entry["firm"]) for entry in logs] == [("inbox_mail.firm_failed", str(failing.firm_id))]
    await store.execute("ALTER TABLE letter DROP CONSTRAINT a_fault")
    assert await write() == 1


async def test_several_workers_at_once_write_one(by: Viewer) -> None:
    await raised(by)
    rome(2, 7)
    assert sum(await asyncio.gather(*(write_digests() for _ in range(4)))) == 1


async def test_what_has_no_room_comes_later_the_same_day(by: Viewer) -> None:
    limit(Settings.model_validate({"letters_per_hour": 1}))
    try:
        other = await a_member(by)
        await chosen(other, INBOX, DIGEST)
        await raised(by)
        rome(2, 7)
        assert await write_digests() == 1
        assert await write_digests() == 0
        rome(2, 8, 1)
        assert await write_digests() == 1
        assert (len(await digests(by)), len(await digests(other))) == (1, 1)
    finally:
        limit(Settings())


async def test_forty_colleagues_take_as_many_statements_as_one(by: Viewer) -> None:
    await raised(by)
    rome(2, 7)
    async with counting() as for_one:
        assert await write_digests() == 1
    for member in [await a_member(by) for _ in range(39)]:
        await chosen(member, INBOX, DIGEST)
    for _ in range(60):
        await raised(by)
    rome(3, 7)
    async with counting() as for_many:
        assert await write_digests() == 40
    assert len(for_many) == len(for_one)


ZONES = ["Europe/Rome", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(ZONES),
    st.timedeltas(timedelta(), timedelta(days=2)),
)
def test_a_later_moment_has_no_earlier_morning(now: datetime, zone: str, more: timedelta) -> None:
    at(now)
    before = morning_in(zone)
    at(now + more)
    after = morning_in(zone)
    clock.set_source(None)
    assert before.at <= now.replace(microsecond=now.microsecond // 1000 * 1000)
    assert (before.day, before.at) <= (after.day, after.at)
    assert (before.day == after.day) == (before.at == after.at)
    assert after.at.astimezone(ZoneInfo(zone)).hour == 7
