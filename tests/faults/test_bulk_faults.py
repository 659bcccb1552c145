"""
A bulk update and its undo, killed at every border, paused, beside another worker, and while PostgreSQL falls and gets
up: each item ends once, nobody is mailed twice, and whoever comes next goes on (R27, R30).
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from models import bulk_update, journal
from models.bulk_update import BulkEdit
from models.ground import keys, store
from models.ground.embedded import Embedded
from models.idempotency import Done
from models.run import RunKind, claim
from models.viewer import Viewer
from tests.faults.bulk_child import take_back, update, work_off_all, work_off_one
from tests.faults.bulk_done import INVITING, MAILED, REPORT, Beginning, a_firm_of_everybody, mailed, switches_of
from tests.faults.killing import idle_ones_end, killed, leases_end, paused
from tests.support.database.store import KEY
from tests.support.emails.synced_mailbox import eventually
from tests.support.firm.bulk_updates import ALL, DISABLE, all_end, asked, ran, stepped, told, view
from tests.support.firm.factories import a_firm, a_member
from tests.support.firm.many_addresses import people
from tests.support.processes.switchboard import running
from tests.support.waiting import until_waiting

pytestmark = pytest.mark.faults
AT_BORDERS = {
    "killed at before the commit of a run that is asked for",
    "killed at after a run was asked for",
    "killed at after a run was claimed",
    "killed at after a run was planned",
    "killed at after a chunk of a run was reported",
    "killed at before whoever started a run is told of its end",
    "killed at before the commit of a chunk of a run",
    "killed at after the commit of a chunk of a run",
}
WHILE_ASKED = {"killed at before the commit of a run that is asked for", "killed at after a run was asked for"}


async def another_has_begun() -> None:
    """Where there is anything left, it has the lease, and is in the middle."""
    await leases_end()
    if (held := await claim("another", list(RunKind))) is not None:
        await stepped(held)


async def another_goes_on(ask: Callable[[], Awaitable[Done]]) -> UUID:
    """Whoever got no answer asks again with the same key; and another worker has the lease."""
    run_id = (await ask()).ids[0]
    await leases_end()
    await all_end()
    return run_id


async def test_killed_anywhere_another_worker_ends_a_bulk_update(own_store: str, tmp_path: Path) -> None:
    """Each time another firm."""
    killed_at: list[str] = []
    for crash_at in range(1, 100):
        by = await a_firm_of_everybody()
        beginning = await Beginning.of(by)
        where = await killed(update, own_store, by, INVITING, said=tmp_path / "said", crash_at=crash_at)
        run_id = await another_goes_on(partial(bulk_update.start, by, INVITING, key="once"))
        await beginning.must_have_happened_once(run_id)
        assert await told(by, run_id) == REPORT, where
        assert await mailed(by) == MAILED, where
        if where is None:
            break
        killed_at.append(where)
    assert set(killed_at) == AT_BORDERS | {"killed at after a chunk of a run was switched"}, killed_at


async def test_killed_anywhere_another_worker_ends_an_undo(own_store: str, tmp_path: Path) -> None:
    """Each time of another firm's run."""
    killed_at: list[str] = []
    for crash_at in range(1, 100):
        by = await a_firm_of_everybody()
        before, run_id = await switches_of(by), await ran(by, INVITING)
        beginning = await Beginning.of(by)
        where = await killed(take_back, own_store, by, run_id, said=tmp_path / "said", crash_at=crash_at)
        undo_id = await another_goes_on(partial(bulk_update.undo, by, run_id, key="once"))
        await beginning.must_have_happened_once(undo_id)
        assert await switches_of(by) == before, where
        assert await mailed(by) == MAILED, where  # by the run; an undo mails nobody
        if where is None:
            break
        killed_at.append(where)
    assert set(killed_at) == AT_BORDERS | {"killed at after a chunk of an undo was switched"}, killed_at


async def test_whoever_was_paused_for_longer_than_the_lease_writes_nothing_more(own_store: str, tmp_path: Path) -> None:
    """Wherever that is, also within a transaction. Each time another firm."""
    paused_at: list[str] = []
    for at in range(1, 100):
        by = await a_firm_of_everybody()
        beginning = await Beginning.of(by)
        run_id = await asked(by, INVITING)
        async with paused(work_off_one, own_store, said=tmp_path / "said", at=at) as where:
            if where is not None:
                await idle_ones_end()
                await another_has_begun()
                stood = await journal.head(by.firm_id)
        if where is not None:
            assert await journal.head(by.firm_id) == stood, where
            paused_at.append(where)
        await leases_end()
        await all_end()
        await beginning.must_have_happened_once(run_id)
        assert await mailed(by) == MAILED, where
        if where is None:
            break
    assert set(paused_at) == AT_BORDERS - WHILE_ASKED | {"killed at after a chunk of a run was switched"}, paused_at


LOCKING_OUT = BulkEdit(ALL, login=DISABLE, notify=DISABLE)


async def test_two_workers_end_two_runs_each_of_two_firms_as_if_one_had_come_after_the_other(
    own_store: str, tmp_path: Path
) -> None:
    twin = await a_firm_of_everybody()
    as_one = [await told(twin, await ran(twin, edit)) for edit in (INVITING, LOCKING_OUT)]
    firms = [await a_firm_of_everybody() for _ in range(2)]
    runs = {by: [await asked(by, edit) for edit in (INVITING, LOCKING_OUT)] for by in firms}
    workers = (killed(work_off_all, own_store, said=tmp_path / name) for name in ("one", "other"))
    assert await asyncio.gather(*workers) == [None, None]
    for by, (first, second) in runs.items():
        assert [await told(by, run_id) for run_id in (first, second)] == as_one
        assert await switches_of(by) == await switches_of(twin)
        assert await mailed(by) == MAILED
        assert await _one_after_the_other(first, second)


async def _one_after_the_other(first: UUID, second: UUID) -> bool:
    answer: bool = await store.value(
        "SELECT second.planned_at >= first.ended_at FROM run first, run second WHERE first.id = $1 AND second.id = $2",
        first,
        second,
    )
    return answer


async def test_a_run_goes_on_by_itself_after_postgres_crashed_in_the_middle(
    no_store: None, own_postgres: Embedded, own_database: str, tmp_path: Path
) -> None:
    keys.use(KEY)
    await store.open_store(own_database)
    by = await a_member(await a_firm())
    await people(by, 600)
    beginning = await Beginning.of(by)
    run_id = await asked(by, INVITING)
    somebody = await _holding_the_last(own_database, by)
    told_to = {"DATABASE_URL": own_database, "SWITCHBOARD_KEY": KEY.hex()}
    with running("worker", output=tmp_path / "log", var=tmp_path / "var", **told_to) as worker:
        await until_waiting(own_database, 1)
        assert 0 < (await view(by, run_id)).done < 600
        await asyncio.to_thread(own_postgres.restart_immediately)
        await eventually(partial(_has_ended, by, run_id))
        await asyncio.to_thread(worker.stop, signal.SIGTERM)
    await beginning.must_have_happened_once(run_id)
    assert len(await mailed(by)) == len(set(await mailed(by))) == 600
    somebody.terminate()


async def _holding_the_last(url: str, by: Viewer) -> asyncpg.Connection:
    """The toggles that the run comes to last: whoever changes them waits."""
    connection = await asyncpg.connect(url)
    await connection.execute("BEGIN")
    await connection.execute(_LAST, by.firm_id)
    return connection


_LAST = """
SELECT t.id FROM toggles t JOIN account a ON a.id = t.account_id WHERE t.firm_id = $1
ORDER BY a.code_key DESC LIMIT 1 FOR NO KEY UPDATE OF t
"""


async def _has_ended(by: Viewer, run_id: UUID) -> bool:
    with suppress(store.Away):
        return (await view(by, run_id)).has_ended
    return False
