"""Whose turn it is: one worker at a time goes on with a run, one run of a firm at a time, the firms in turn (R27)."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest

from models.bulk_update import BulkEdit
from models.ground import store as database
from models.run import Held, RunKind, claim, release
from models.viewer import Viewer
from tests.support.firm.bulk_updates import ALL, DISABLE, ENABLE, asked, claimed
from tests.support.firm.factories import a_firm, a_member, an_account
from tests.support.waiting import held, until_waiting

pytestmark = pytest.mark.usefixtures("store")
LOGIN_ON, LOGIN_OFF = BulkEdit(ALL, login=ENABLE), BulkEdit(ALL, login=DISABLE)


async def a_firm_with_clients() -> Viewer:
    by = await a_member(await a_firm())
    await an_account(by)
    return by


async def none_waits_for(owner: str) -> bool:
    return await claim(owner, list(RunKind)) is None


async def test_whoever_could_not_give_it_back_goes_on_with_it_at_once(store: str) -> None:
    """As after the database was away, and nothing could be written for a moment."""
    await asked(await a_firm_with_clients(), LOGIN_ON)
    first = await claimed("one")
    assert await none_waits_for("another")
    again = await claimed("one")
    assert (again.run_id, again.token) == (first.run_id, first.token + 1)


async def test_a_run_that_fails_whenever_it_is_tried_holds_up_no_other_firm(store: str) -> None:
    runs = [await asked(await a_firm_with_clients(), LOGIN_ON) for _ in range(3)]
    tried = [await _tried() for _ in range(6)]
    assert [one.run_id for one in tried] == runs * 2


async def _tried() -> Held:
    one = await claimed()
    await release(one)
    return one


async def test_of_two_that_are_asked_for_at_once_one_goes_first(store: str) -> None:
    """The second is not there, and begun, before the first has been written."""
    by = await a_firm_with_clients()
    async with held(asked(by, LOGIN_ON)):
        second = asyncio.create_task(asked(by, LOGIN_OFF))
        await _has_begun_or_waits(second, store)
        assert await none_waits_for("one")
    last = await second
    first = (await claimed("one")).run_id
    assert await none_waits_for("another")
    assert await _in_their_order(by) == [first, last]


async def _has_begun_or_waits(task: asyncio.Task[UUID], url: str) -> None:
    looking = asyncio.create_task(until_waiting(url, 1))
    await asyncio.wait([task, looking], return_when=asyncio.FIRST_COMPLETED)
    looking.cancel()


async def _in_their_order(by: Viewer) -> Sequence[UUID]:
    return [row["id"] for row in await database.rows("SELECT id FROM run WHERE firm_id = $1 ORDER BY id", by.firm_id)]
