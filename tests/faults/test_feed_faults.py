"""The feed while PostgreSQL falls and gets up, and with a reader that stalls."""

import asyncio
import gc
import tracemalloc
from contextlib import aclosing, suppress

import asyncpg
import pytest

from models import journal
from models.feed import Hub, Resync
from models.ground import store
from models.ground.embedded import Embedded
from models.journal import Batch
from models.viewer import System
from tests.support.api.feed import Listener, a_hub, listening, say, texts_of
from tests.support.firm.factories import a_firm
from tests.support.waiting import NEVER, patience

pytestmark = [pytest.mark.usefixtures("no_store"), pytest.mark.faults]
EVENTS = 100_000


async def _insist(by: System, text: str) -> None:
    """As a client does: again until it is acknowledged. An unknown outcome may leave it twice in the journal."""
    async with patience():
        while True:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
                await say(by, text)
                return


async def _written(firm_id: object, start: int) -> list[str | None]:
    rows = await store.rows(
        "SELECT changes->0->>2 AS text FROM journal_entry WHERE firm_id = $1 AND position > $2 ORDER BY position",
        firm_id,
        start,
    )
    return [row["text"] for row in rows]


async def _each_hears_all(listeners: list[Listener], by: System, start: int) -> None:
    for one in listeners:
        await one.until(lambda one: "the end" in one.texts)
        assert one.texts == await _written(by.firm_id, start)


async def test_after_postgres_crashed_every_subscriber_gets_everything_none_twice(
    own_postgres: Embedded, own_database: str
) -> None:
    await store.open_store(own_database)
    try:
        by = await a_firm()
        async with (
            a_hub(own_database) as here,
            a_hub(own_database) as there,
            listening(here, by.firm_id) as one,
            listening(here, by.firm_id) as two,
            listening(there, by.firm_id) as three,
        ):
            start = await journal.head(by.firm_id)
            for n in range(3):
                await say(by, f"before {n}")
                crash = asyncio.create_task(asyncio.to_thread(own_postgres.restart_immediately))
                for m in range(20):
                    await _insist(by, f"meanwhile {n}.{m}")
                await crash
            await _insist(by, "the end")
            await _each_hears_all([one, two, three], by, start)
    finally:
        await store.close()


async def test_after_every_connection_was_terminated_every_subscriber_gets_everything(
    own_postgres: Embedded, own_database: str
) -> None:
    await store.open_store(own_database)
    admin = await asyncpg.connect(own_postgres.url_of("postgres"))
    try:
        by = await a_firm()
        async with a_hub(own_database) as hub, listening(hub, by.firm_id) as one, listening(hub, by.firm_id) as two:
            start = await journal.head(by.firm_id)
            for n in range(5):
                await _insist(by, f"before {n}")
                await admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
                )
                await _insist(by, f"after {n}")
            await _insist(by, "the end")
            await _each_hears_all([one, two], by, start)
    finally:
        await admin.close()
        await store.close()


async def test_the_channel_is_back_a_moment_after_a_crash(own_postgres: Embedded, own_database: str) -> None:
    """Without the poll: the next beat finds the channel dead, and it is built anew."""
    await store.open_store(own_database)
    try:
        by = await a_firm()
        async with a_hub(own_database, poll=NEVER, beat=0.5) as hub, listening(hub, by.firm_id) as one:
            async with patience():
                while not one.texts:
                    await _insist(by, "before")
            await asyncio.to_thread(own_postgres.restart_immediately)
            heard = len(one.texts)
            async with patience():
                while len(one.texts) == heard:
                    await _insist(by, "after")
    finally:
        await store.close()


FILL = """
DO $$ BEGIN
  FOR n IN 0 .. {count} / {at_once} - 1 LOOP
    UPDATE journal_head SET head = head + {at_once} WHERE firm_id = '{firm_id}';
    INSERT INTO journal_entry (id, firm_id, position, batch, kind, occurred_at, account_ids, touched, changes)
    SELECT gen_random_uuid(), firm_id, head - {at_once} + 1 + m, head, 'FIRM_CHANGED', now(), '{{}}', '{{}}',
           jsonb_build_array(jsonb_build_array('name', NULL, (n * {at_once} + m)::text))
    FROM journal_head, generate_series(0, {at_once} - 1) AS m WHERE firm_id = '{firm_id}';
    PERFORM pg_notify('switchboard', firm_id || ' ' || head) FROM journal_head WHERE firm_id = '{firm_id}';
    COMMIT;
  END LOOP;
END $$
"""


async def _fill(url: str, by: System, count: int, *, at_once: int) -> None:
    """As journal.record would, transaction by transaction, and without a trace in this process's memory."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(FILL.format(count=count, at_once=at_once, firm_id=by.firm_id))
    finally:
        await connection.close()


@pytest.mark.parametrize("at_once", [10, 500])
@pytest.mark.parametrize("within_the_window", [True, False], ids=["45,000 entries", "100,000 entries"])
async def test_a_stalled_reader_costs_less_than_a_megabyte_and_then_gets_all_or_resync(
    store: str, at_once: int, within_the_window: bool
) -> None:
    count = 45_000 if within_the_window else EVENTS
    by = await a_firm()
    async with a_hub(store) as hub:
        await _added_by(store, hub, by, 0, 1_000, at_once)  # whatever is made once is made now
        added, heard = await _added_by(store, hub, by, 1, count, at_once)
    print(f"{count:,} entries, {at_once} to a transaction: {added / 1024:,.0f} kB for hub and reader")
    assert added < 1 << 20
    everything = ["seen", *(str(n) for n in range(count)), "the end"]
    assert texts_of(heard) == (everything if within_the_window else ["seen", "live"])


async def _added_by(
    url: str, hub: Hub, by: System, stalls_after: int, count: int, at_once: int
) -> tuple[int, list[object]]:
    """The bytes that are alive more than before, while the reader has read nothing of `count` entries; what it got."""
    async with aclosing(hub.follow(by.firm_id)) as events:  # type: ignore[type-var]
        heard: list[object] = [await anext(events)]
        if stalls_after:
            await say(by, "seen")
            heard.append(await anext(events))  # it stalls in the middle of what it was given
        tracemalloc.start()
        try:
            gc.collect()
            before = tracemalloc.get_traced_memory()[0]
            await _fill(url, by, count, at_once=at_once)
            last = await say(by, "the end")
            await hub.changed(by.firm_id, last - 1)
            gc.collect()
            added = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
        async for event in events:
            heard.append(event)
            if isinstance(event, Resync):
                assert event.cursor == last
                await say(by, "live")
            elif isinstance(event, Batch) and event.entries[-1].changes[0].after in {"the end", "live"}:
                break
        return added, heard
