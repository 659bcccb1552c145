"""What nobody can use any more is thrown away, and nothing else."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from models import account, housekeeping, session
from models.account import AccountFilter, AccountKind, NewAccount
from models.ground import clock, store
from models.housekeeping import ClocksDisagree, Housekeeper
from models.viewer import Viewer
from tests.support.api.toy_server import until
from tests.support.emails.synced_mailbox import eventually
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.invitations import later
from tests.support.waiting import held, patience

pytestmark = pytest.mark.usefixtures("store")
by = owner_of_a_new_firm


async def _created(by: Viewer, key: str) -> None:
    await account.create(by, NewAccount(f"Vetreria {key}", AccountKind.COMPANY), key=key)


async def _aged(**time: int) -> None:
    """Every row is so much older; of sessions, as if they had been used all the time."""
    await store.execute("UPDATE idempotency SET used_at = used_at - $1::interval", timedelta(**time))
    age = "UPDATE session SET ends_at = ends_at - $1::interval, expires_at = ends_at - $1::interval"
    await store.execute(age, timedelta(**time))


async def test_keys_go_after_their_30_days_and_what_they_made_stays(by: Viewer) -> None:
    for key in ("a", "b", "c"):
        await _created(by, key)
    await _aged(days=29)
    await _created(by, "young")
    assert (await housekeeping.sweep())["idempotency"] == 0
    await _aged(days=1, minutes=1)
    assert (await housekeeping.sweep(at_once=2))["idempotency"] == 3
    assert await store.value("SELECT array_agg(key) FROM idempotency") == ["young"]
    assert await account.count(by, AccountFilter()) == 4


async def test_sessions_go_once_they_have_expired(by: Viewer) -> None:
    short, long = [await session.start_for_member(firm_id=by.firm_id, member_id=by.member_id, days=n) for n in (1, 60)]
    await _aged(days=31)  # as long as the one of `by` lasts, and a day
    assert (await housekeeping.sweep())["session"] == 2
    assert await session.viewer_of(short.token) is None
    assert await session.viewer_of(long.token) == long.viewer


async def test_two_sweep_at_once_and_neither_waits_for_the_other(by: Viewer) -> None:
    await _created(by, "old")
    await _aged(days=31)
    async with held(housekeeping.sweep()), patience():
        assert not any((await housekeeping.sweep()).values())
    assert await store.value("SELECT count(*) FROM idempotency") == 0


@pytest.mark.parametrize("wrong", [{"days": 400}, {"minutes": 6}, {"minutes": -6}, {"days": -400}])
async def test_whose_clock_is_wrong_throws_nothing_away(by: Viewer, wrong: dict[str, int]) -> None:
    await _created(by, "old")
    await _aged(days=31)
    later(**wrong)
    with pytest.raises(ClocksDisagree, match="apart"):
        await housekeeping.sweep()
    assert await store.value("SELECT count(*) FROM idempotency") == 1
    clock.set_source(None)
    later(minutes=4)
    assert (await housekeeping.sweep())["idempotency"] == 1


async def test_it_says_so_and_goes_on_looking(by: Viewer) -> None:
    await _created(by, "old")
    later(days=400)
    keeper = Housekeeper()
    with capture_logs() as logs:
        async with patience(), asyncio.TaskGroup() as group:
            group.create_task(keeper.run())
            await until(lambda: len(logs) > 0)
            await keeper.stop()
    assert [(entry["log_level"], entry["event"]) for entry in logs] == [("warning", "housekeeping.nothing_thrown_away")]
    assert "clock" in logs[0]["why"]
    assert await store.value("SELECT count(*) FROM idempotency") == 1


async def test_it_sweeps_when_it_starts_and_ends_when_it_is_told_to(by: Viewer) -> None:
    await _created(by, "old")
    await _aged(days=31)
    keeper = Housekeeper()
    async with patience(), asyncio.TaskGroup() as group:
        group.create_task(keeper.run())
        await eventually(lambda: store.value("SELECT count(*) = 0 FROM idempotency"))
        await keeper.stop()
