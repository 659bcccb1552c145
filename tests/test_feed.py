"""The feed, on the nouns' side: everything since a cursor, in order, none twice, then live, or an honest Resync."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from models import journal
from models.feed import Hub, Ready, Resync
from models.ground import clock, store
from models.journal import WINDOW_DAYS, WINDOW_POSITIONS, Batch
from models.viewer import System
from tests.support.api.feed import a_hub, a_wire_to, listening, note, say, texts_of
from tests.support.api.toy_server import until
from tests.support.firm.factories import a_firm
from tests.support.waiting import NEVER, PATIENCE, patience


@pytest.fixture
async def hub(store: str) -> AsyncIterator[Hub]:
    async with a_hub(store) as hub:
        yield hub


async def test_a_feed_begins_with_ready_and_goes_on_live(hub: Hub, by: System) -> None:
    before = await say(by, "earlier")
    async with listening(hub, by.firm_id) as one:
        await say(by, "a", "b")
        await say(by, "c")
        await one.until(lambda one: len(one.texts) == 3)
    assert one.heard[0] == Ready(before)
    assert one.texts == ["a", "b", "c"]


async def test_after_gives_everything_since_in_order_none_twice_then_live(hub: Hub, by: System) -> None:
    start = await say(by, "seen")
    for n in range(30):
        await say(by, *(f"{n}.{m}" for m in range(n % 3 + 1)))
    expected = [f"{n}.{m}" for n in range(30) for m in range(n % 3 + 1)]
    async with listening(hub, by.firm_id, start) as one:
        await say(by, "live")
        await one.until(lambda one: "live" in one.texts)
    assert one.heard[0] == Ready(start)
    assert one.texts == [*expected, "live"]


async def test_who_joins_while_many_write_misses_none_and_hears_none_twice(hub: Hub, by: System) -> None:
    start = await journal.head(by.firm_id)
    writing = [asyncio.create_task(say(by, f"{n}")) for n in range(60)]
    async with listening(hub, by.firm_id, start) as first:
        await asyncio.wait(writing[:20])
        async with listening(hub, by.firm_id, start) as second:
            await asyncio.gather(*writing)
            for one in (first, second):
                await one.until(lambda one: len(one.texts) >= 60)
    assert first.texts == second.texts
    assert sorted(map(str, first.texts)) == sorted(map(str, range(60)))


@pytest.mark.parametrize("seen", [1, 2, 3])
async def test_a_cursor_within_a_batch_gives_the_rest_of_it(hub: Hub, by: System, seen: int) -> None:
    start = await journal.head(by.firm_id)
    async with listening(hub, by.firm_id) as there:  # so that the batch lies in memory, too
        await say(by, "a", "b", "c")
        await there.until(lambda one: len(one.texts) == 3)
        async with listening(hub, by.firm_id, start + seen) as one:
            await say(by, "d")
            await one.until(lambda one: "d" in one.texts)
    assert one.texts == ["a", "b", "c", "d"][seen:]
    async with listening(hub, by.firm_id, start + seen) as from_database:
        await from_database.until(lambda one: "d" in one.texts)
    assert from_database.texts == ["a", "b", "c", "d"][seen:]


async def test_a_cursor_older_than_the_window_by_the_clock_is_told_to_resync(hub: Hub, by: System) -> None:
    start = await journal.head(by.firm_id)
    await say(by, "long ago")
    clock.set_source(lambda: datetime.now(UTC) + timedelta(days=WINDOW_DAYS, hours=1))
    async with listening(hub, by.firm_id, start) as one:
        await one.until(lambda one: len(one.heard) == 2)
        await say(by, "now")
        await one.until(lambda one: one.texts)
    assert one.heard[:2] == [Ready(start), Resync(start + 1)]
    assert one.texts == ["now"]


async def test_a_cursor_at_the_head_is_never_too_old(hub: Hub, by: System) -> None:
    start = await say(by, "long ago")
    clock.set_source(lambda: datetime.now(UTC) + timedelta(days=400))
    async with listening(hub, by.firm_id, start) as one:
        await say(by, "now")
        await one.until(lambda one: one.texts)
    assert one.heard[0] == Ready(start)
    assert one.texts == ["now"]


async def test_a_cursor_behind_by_more_than_the_window_is_told_to_resync(hub: Hub, by: System) -> None:
    start = await journal.head(by.firm_id)
    last = await say(by, *(str(n) for n in range(WINDOW_POSITIONS + 1)))
    async with listening(hub, by.firm_id, start) as one, listening(hub, by.firm_id, start + 1) as just_in_time:
        await one.until(lambda one: len(one.heard) > 1)
        await just_in_time.until(lambda one: len(one.texts) == WINDOW_POSITIONS)
        await say(by, "live")
        await one.until(lambda one: one.texts)
    assert one.heard[:2] == [Ready(start), Resync(last)]
    assert one.texts == ["live"]
    assert just_in_time.texts[0] == "1"


async def test_a_cursor_ahead_of_the_head_as_after_a_restore_is_told_to_resync(hub: Hub, by: System) -> None:
    head = await say(by, "restored")
    async with listening(hub, by.firm_id, head + 500) as one:
        await one.until(lambda one: len(one.heard) > 1)
        await say(by, "live")
        await one.until(lambda one: one.texts)
    assert one.heard[1] == Resync(head)
    assert one.texts == ["live"]


async def test_a_feed_tells_of_its_own_firm_only(hub: Hub, by: System) -> None:
    other = await a_firm("Harbour")
    async with listening(hub, by.firm_id) as ours, listening(hub, other.firm_id) as theirs:
        await say(other, "theirs")
        await say(by, "ours")
        await ours.until(lambda one: one.texts)
        await theirs.until(lambda one: one.texts)
    assert (ours.texts, theirs.texts) == (["ours"], ["theirs"])


async def test_a_rollback_tells_nobody(hub: Hub, by: System) -> None:
    async with listening(hub, by.firm_id) as one:
        with suppress(ZeroDivisionError):
            async with store.transaction():
                note(by, "never")
                raise ZeroDivisionError
        await say(by, "committed")
        await one.until(lambda one: one.texts)
    assert one.texts == ["committed"]


async def test_two_processes_on_one_database_tell_the_same(store: str, by: System) -> None:
    async with (
        a_hub(store, poll=NEVER) as here,
        a_hub(store, poll=NEVER) as there,
        listening(here, by.firm_id) as one,
        listening(there, by.firm_id) as other,
    ):
        await until(lambda: here.hears and there.hears)
        await asyncio.gather(*(say(by, f"{n}", f"{n} too") for n in range(25)))
        await one.until(lambda one: len(one.texts) == 50)
        await other.until(lambda one: len(one.texts) == 50)
        assert one.heard == other.heard


async def test_a_wake_up_tells_and_no_poll_is_waited_for(store: str, by: System) -> None:
    async with a_hub(store, poll=NEVER) as hub:
        await until(lambda: hub.hears)  # what is said while the channel opens, the poll tells
        async with listening(hub, by.firm_id) as one:
            for n in range(10):
                await say(by, f"{n}")
                await one.until(lambda one, n=n: f"{n}" in one.texts)  # type: ignore[misc]


async def test_changed_waits_for_what_comes_after_a_position(hub: Hub, by: System) -> None:
    head = await say(by, "seen")
    waiting = asyncio.create_task(hub.changed(by.firm_id, head))
    async with listening(hub, by.firm_id):
        moved = await say(by, "new")
        assert await asyncio.wait_for(waiting, PATIENCE) == moved


async def test_a_hub_that_nobody_follows_keeps_nothing(hub: Hub, by: System) -> None:
    async with listening(hub, by.firm_id) as one:
        await say(by, "a")
        await one.until(lambda one: one.texts)
        assert by.firm_id in hub.followed()
    assert not hub.followed()


async def test_a_frozen_listen_connection_costs_no_event(store: str, by: System) -> None:
    """No close and no error: nothing but silence."""
    async with a_wire_to(store) as wire, a_hub(wire.url) as hub, listening(hub, by.firm_id) as one:
        await say(by, "through the wire")
        await one.until(lambda one: one.texts)
        wire.freeze()
        for n in range(3):
            await say(by, f"frozen {n}")
            await one.until(lambda one, n=n: f"frozen {n}" in one.texts)  # type: ignore[misc]
    assert one.texts == ["through the wire", "frozen 0", "frozen 1", "frozen 2"]


@pytest.mark.parametrize("beat", [0.2, 60], ids=["while a beat is under way", "between beats"])
async def test_a_channel_that_fell_silent_is_built_anew(store: str, by: System, beat: float) -> None:
    async with (
        a_wire_to(store) as wire,
        a_hub(wire.url, poll=NEVER, beat=beat, silence=1) as hub,
        listening(hub, by.firm_id) as one,
    ):
        async with patience():
            while not one.texts:  # until the channel is open
                await say(by, "through the wire")
                await asyncio.sleep(0)
        built = wire.connections
        wire.freeze()
        async with patience():
            while "anew" not in one.texts:  # only a wake-up can tell: there is no poll
                await say(by, "anew" if wire.connections > built else "lost")
    assert one.texts == texts_of([batch for batch in one.heard if isinstance(batch, Batch)])
    assert len({batch.cursor for batch in one.heard}) == len(one.heard)


async def test_a_hub_closes_although_its_channel_is_frozen(store: str, by: System) -> None:
    async with a_wire_to(store) as wire:
        hub = Hub(beat=NEVER, silence=NEVER)  # nothing but the closing notices
        await hub.open(wire.url)
        async with listening(hub, by.firm_id) as one:
            await say(by, "through the wire")
            await one.until(lambda one: one.texts)
        wire.freeze()
        async with patience():
            await hub.close()
