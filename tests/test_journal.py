"""The journal: positions without gaps in the order of commits, batches given whole, the live window."""

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from models import journal
from models.ground import clock, store
from models.ground.page import Window
from models.journal import Change, JournalFilter, JournalKind, Subject
from models.viewer import Actor, TeamRole
from tests.support.firm.factories import a_firm, a_member, an_account, switched
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.usefixtures("store")


def _say(by: Actor, text: str, *, accounts: tuple[UUID, ...] = (), kind: str = JournalKind.FIRM_CHANGED) -> None:
    journal.record(kind, by=by, accounts=accounts, changes=[Change("name", None, text)])


async def _write(by: Actor, *texts: str) -> int:
    async with store.transaction() as tx:
        for text in texts:
            _say(by, text)
    assert tx.cursor is not None
    return tx.cursor


async def test_50_transactions_at_once_and_rollbacks_leave_no_gap() -> None:
    by, chance = await a_firm(), Random(11)
    start = await journal.head(by.firm_id)

    async def write(n: int) -> int | None:
        try:
            async with store.transaction() as tx:
                for m in range(chance.randint(1, 4)):
                    _say(by, f"{n} {m}")
                await asyncio.sleep(chance.uniform(0, 0.01))
                if n % 3 == 0:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            return None
        return tx.cursor

    cursors = [cursor for cursor in await asyncio.gather(*(write(n) for n in range(50))) if cursor]
    batches = await journal.since(by.firm_id, start, most=10_000)
    positions = [entry.position for batch in batches for entry in batch.entries]
    assert positions == list(range(start + 1, await journal.head(by.firm_id) + 1))
    assert [batch.cursor for batch in batches] == sorted(cursors)
    assert all(batch.entries[-1].position == batch.cursor for batch in batches)


async def test_positions_are_given_out_in_the_order_of_commits(kept_database: str) -> None:
    by = await a_firm()
    start = await journal.head(by.firm_id)
    seen: list[int] = []
    done = asyncio.Event()

    async def follow() -> None:
        cursor = start
        while not (done.is_set() and cursor == await journal.head(by.firm_id)):
            for batch in await journal.since(by.firm_id, cursor):
                seen.append(batch.cursor)
                cursor = batch.cursor

    follower = asyncio.create_task(follow())
    await asyncio.gather(*(_write(by, str(n)) for n in range(60)))
    done.set()
    await asyncio.wait_for(follower, PATIENCE)
    assert seen == list(range(start + 1, start + 61))  # whoever follows misses none that commits later


@pytest.mark.parametrize("most", [1, 2, 3, 4, 500])
async def test_a_batch_is_given_whole_however_little_is_asked(most: int) -> None:
    by = await a_firm()
    cursor = start = await journal.head(by.firm_id)
    for texts in (["a"], ["b", "c", "d"], ["e", "f"], ["g"]):
        await _write(by, *texts)
    found: list[list[str | None]] = []
    while batches := await journal.since(by.firm_id, cursor, most=most):
        found += [[entry.changes[0].after for entry in batch.entries] for batch in batches]
        cursor = batches[-1].cursor
    assert found == [["a"], ["b", "c", "d"], ["e", "f"], ["g"]]
    assert cursor == start + 7


async def test_firms_count_apart_and_hear_nothing_of_each_other() -> None:
    here, there = await a_firm(), await a_firm()
    before = await journal.head(there.firm_id)
    await _write(here, "a", "b")
    assert await journal.head(there.firm_id) == before
    assert await journal.heads([here.firm_id, there.firm_id]) == {here.firm_id: before + 2, there.firm_id: before}
    owner = await a_member(there)
    told = await journal.page(owner, JournalFilter(), Window(size=100))
    assert "a" not in {change.after for entry in told.rows for change in entry.changes}
    assert await journal.by_ids(owner, [entry.id for entry in await _entries(here)]) == {}


async def _entries(by: Actor) -> list[journal.Entry]:
    return [entry for batch in await journal.since(by.firm_id, 0) for entry in batch.entries]


async def test_the_window_reaches_back_seven_days_and_no_further() -> None:
    by, now = await a_firm(), datetime(2026, 3, 1, 12, tzinfo=UTC)
    clock.set_source(lambda: now)
    old = await _write(by, "old")
    clock.set_source(lambda: now + timedelta(days=6))
    newer = await _write(by, "newer")
    assert await journal.reaches_back_to(by.firm_id, old)
    clock.set_source(lambda: now + timedelta(days=13, seconds=1))
    assert not await journal.reaches_back_to(by.firm_id, old)
    assert await journal.reaches_back_to(by.firm_id, newer)  # nothing came since, so nothing is missing


async def test_the_window_is_also_bounded_by_positions() -> None:
    by = await a_firm()
    cursor = await _write(by, "one")
    await store.execute(
        "UPDATE journal_head SET head = head + $2 WHERE firm_id = $1", by.firm_id, journal.WINDOW_POSITIONS
    )
    await _write(by, "two")
    assert not await journal.reaches_back_to(by.firm_id, cursor)


async def test_a_position_that_was_never_given_out_is_not_in_the_window() -> None:
    by = await a_firm()
    assert await journal.reaches_back_to(by.firm_id, await journal.head(by.firm_id))
    assert not await journal.reaches_back_to(by.firm_id, await journal.head(by.firm_id) + 1)
    assert not await journal.reaches_back_to(uuid7(), 0)


async def test_an_entry_says_who_what_when_before_and_after() -> None:
    firm = await a_firm()
    by, now = await a_member(firm), datetime(2026, 3, 1, 12, 30, 1, 234_567, tzinfo=UTC)
    account = await an_account(firm)
    clock.set_source(lambda: now)
    start = await journal.head(by.firm_id)
    await switched(by, account.id, account.address, login=True)
    ((entry,),) = [batch.entries for batch in await journal.since(by.firm_id, start)]
    assert entry.kind == JournalKind.TOGGLES_CHANGED
    assert (entry.member_id, entry.occurred_at) == (by.member_id, now.replace(microsecond=234_000))
    assert (entry.subject_type, entry.account_ids) == (Subject.TOGGLES, (account.id,))
    assert entry.touched == (entry.subject_id,)
    assert entry.changes == (Change("login", "false", "true"),)


async def test_the_audit_is_for_owners_and_admins() -> None:
    firm = await a_firm()
    employee = await a_member(firm, role=TeamRole.EMPLOYEE, manage_accounts=True)
    for wanted in (JournalFilter(), JournalFilter(kinds=(JournalKind.CONTACT_CREATED, JournalKind.MEMBER_CHANGED))):
        assert (await journal.page(employee, wanted, Window())).rows == ()
        assert await journal.count(employee, wanted) == 0
    entries = await _entries(firm)
    assert await journal.by_ids(employee, [entry.id for entry in entries]) == {}
    admin = await a_member(firm, role=TeamRole.ADMIN)
    assert set(await journal.by_ids(admin, [entry.id for entry in entries])) == {entry.id for entry in entries}


async def test_the_audit_can_be_filtered() -> None:
    firm = await a_firm()
    owner, account = await a_member(firm), await an_account(firm)
    at = datetime(2027, 1, 1, tzinfo=UTC)
    clock.set_source(lambda: at)
    await switched(owner, account.id, account.address, login=True)
    for wanted in (
        JournalFilter(kinds=(JournalKind.TOGGLES_CHANGED,)),
        JournalFilter(actor_id=owner.member_id),
        JournalFilter(since=at),
        JournalFilter(since=at, until=at + timedelta(seconds=1), account_id=account.id),
    ):
        page = await journal.page(owner, wanted, Window())
        assert [entry.kind for entry in page.rows] == [JournalKind.TOGGLES_CHANGED]
        assert await journal.count(owner, wanted) == 1
    assert await journal.count(owner, JournalFilter(until=at, actor_id=owner.member_id)) == 0
    assert await journal.count(owner, JournalFilter(subject_id=account.contact)) == 2  # created, linked
    assert await journal.count(owner, JournalFilter(kinds=())) == 0


async def test_what_only_feeds_need_stands_in_no_audit() -> None:
    firm = await a_firm()
    owner = await a_member(firm)
    before = await journal.count(owner, JournalFilter())
    async with store.transaction():
        journal.record(journal.FeedKind.NOTIFICATIONS_MOVED, by=firm, touched=[uuid7()], audience=[owner.member_id])
    assert await journal.count(owner, JournalFilter()) == before
    entry = (await _entries(firm))[-1]
    assert entry.audience == frozenset({owner.member_id})
    assert await journal.by_ids(owner, [entry.id]) == {}
