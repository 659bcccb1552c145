"""A run that fails whenever it is tried is given up after some tries, and holds up no later one of its firm (R27)."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from models.bulk_update import BulkEdit, Runner
from models.ground import store
from models.run import RunKind, RunStatus, claim
from models.run.failing import FACTOR, FIRST_WAIT, MOST
from models.toggles import Switch
from models.viewer import Viewer
from tests.support.firm.bulk_updates import ALL, ENABLE, OneByOne, all_end, asked, claimed, told, view
from tests.support.firm.factories import a_firm, a_member, an_account
from tests.support.waiting import patience

ON = BulkEdit(ALL, login=ENABLE)
A, B, C = (f"{code} {code.lower()}@client.test" for code in "ABC")
DONE = {Switch.LOGIN: "off on CHANGED"}


@pytest.fixture
async def by(own_store: str) -> Viewer:
    return await a_firm_of_three()


async def a_firm_of_three() -> Viewer:
    by = await a_member(await a_firm())
    for code in "ABC":
        await an_account(by, code=code, address=f"{code.lower()}@client.test")
    return by


async def fails_at(by: Viewer, code: str | None, *, with_: str = "P0001") -> None:
    """From now on whoever changes the switches of this account gets this error of the database; None: nobody does."""
    await store.execute("DROP TRIGGER IF EXISTS poison ON toggles")
    if code is None:
        return
    account_id = await store.value("SELECT id FROM account WHERE firm_id = $1 AND code = $2", by.firm_id, code)
    await store.execute(f"""CREATE OR REPLACE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = '{with_}'; END $$""")
    await store.execute(
        f"CREATE TRIGGER poison BEFORE UPDATE ON toggles FOR EACH ROW WHEN (NEW.account_id = '{account_id}')"
        " EXECUTE FUNCTION poison()"
    )


async def waits_end() -> None:
    await store.execute("UPDATE run SET lease_until = now() WHERE lease_until IS NOT NULL")


async def tried(times: int) -> None:
    for _ in range(times):
        assert await Runner(OneByOne).look()
        await waits_end()


async def failures(run_id: UUID) -> int:
    return int(await store.value("SELECT failures FROM run WHERE id = $1", run_id))


async def inbox(by: Viewer) -> list[str]:
    rows = await store.rows("SELECT text FROM notification WHERE member_id = $1 ORDER BY id", by.member_id)
    return [row["text"] for row in rows]


async def test_a_run_that_always_fails_ends_and_the_next_one_of_its_firm_goes_on(by: Viewer) -> None:
    run_id, next_id = await asked(by, ON), await asked(by, BulkEdit(ALL, notify=ENABLE))
    await fails_at(by, "B")
    with capture_logs() as said:
        await tried(MOST)
    ended = await view(by, run_id)
    assert (ended.status, ended.done, ended.total) == (RunStatus.CANCELLED, 1, 3)
    assert await told(by, run_id) == {A: DONE}
    why = f"It failed {MOST} times in a row, for a reason of ours; the rest was left as it is."
    assert await inbox(by) == [f"Bulk update stopped after 1 of 3: Login enabled for 1 address. {why}"]
    named = [(line["run"], line["firm"], line["failures"]) for line in said if line["event"] == "run.failed"]
    assert named == [(str(run_id), str(by.firm_id), nth) for nth in range(1, MOST + 1)]
    await fails_at(by, None)
    await all_end()
    assert (await view(by, next_id)).status is RunStatus.FINISHED


async def test_one_that_cannot_even_be_planned_ends_too(by: Viewer) -> None:
    run_id = await asked(by, ON)
    await store.execute("ALTER TABLE bulk_update_item ADD CHECK (account_id IS NULL)")
    await tried(MOST)
    ended = await view(by, run_id)
    assert (ended.status, ended.done, ended.total) == (RunStatus.CANCELLED, 0, 0)
    assert [words.partition(":")[0] for words in await inbox(by)] == ["Bulk update could not begin"]


async def test_it_is_tried_again_after_a_while_each_time_a_longer_one(by: Viewer) -> None:
    run_id = await asked(by, ON)
    await fails_at(by, "B")
    for nth in range(MOST - 1):
        begun = await store.value("SELECT clock_timestamp()")
        assert await Runner(OneByOne).look()
        until = await store.value("SELECT lease_until FROM run WHERE id = $1 AND lease_owner IS NULL", run_id)
        wait = timedelta(seconds=FIRST_WAIT * FACTOR**nth)
        assert begun + wait <= until <= await store.value("SELECT clock_timestamp()") + wait
        await waits_end()


async def test_while_it_waits_other_firms_go_on_and_the_next_one_of_its_own_does_not(by: Viewer) -> None:
    await asked(by, ON)
    await asked(by, ON)
    await fails_at(by, "B")
    assert await Runner(OneByOne).look()
    await store.execute("UPDATE run SET lease_until = lease_until + interval '1 hour' WHERE lease_until IS NOT NULL")
    elsewhere = await a_firm_of_three()
    other_id = await asked(elsewhere, ON)
    held = await claimed()
    assert held.run_id == other_id
    assert await claim("another", list(RunKind)) is None


async def test_whatever_it_gets_done_it_may_fail_as_often_again(by: Viewer) -> None:
    run_id = await asked(by, ON)
    for code in "BC":
        await fails_at(by, code)
        await tried(MOST - 1)
        assert await failures(run_id) == MOST - 1
    await fails_at(by, None)
    await tried(1)
    assert await told(by, run_id) == {A: DONE, B: DONE, C: DONE}
    assert (await failures(run_id), (await view(by, run_id)).status) == (0, RunStatus.FINISHED)


@pytest.mark.parametrize(
    "trouble",
    ["55P03", "40P01", "53100", "57P01", "08006"],
    ids=["a lock held for long", "a deadlock", "a full disk", "a restart", "a lost connection"],
)
async def test_trouble_with_the_database_is_no_failure_of_a_run(by: Viewer, trouble: str) -> None:
    run_id = await asked(by, ON)
    await fails_at(by, "B", with_=trouble)
    for _ in range(MOST + 1):
        with pytest.raises(Exception) as error:  # noqa: PT011 - whichever it is
            await Runner(OneByOne).look()
        assert not isinstance(error.value, AssertionError)
        await waits_end()
    assert await failures(run_id) == 0
    await fails_at(by, None)
    await all_end()
    assert (await view(by, run_id)).status is RunStatus.FINISHED


async def test_one_of_which_nobody_can_be_told_ends_all_the_same(by: Viewer) -> None:
    run_id = await asked(by, ON)
    await fails_at(by, "B")
    await store.execute("ALTER TABLE notification ADD CHECK (text IS NULL)")
    for _ in range(MOST - 1):
        await tried(1)
    with pytest.raises(Exception):  # noqa: B017, PT011 - that nobody can be told
        await Runner(OneByOne).look()
    await waits_end()
    await tried(1)
    assert (await view(by, run_id)).status is RunStatus.CANCELLED


async def test_a_worker_that_is_stopped_counts_nothing(by: Viewer) -> None:
    run_id = await asked(by, ON)
    runner = Runner(OneByOne)
    running = asyncio.create_task(runner.run())
    async with patience():
        while not (await view(by, run_id)).done:  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.01)
    await runner.stop()
    await running
    assert await failures(run_id) == 0
