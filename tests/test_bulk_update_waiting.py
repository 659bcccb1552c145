"""Bulk updates that wait: as many as may, and whoever asked for one may be gone when it ends."""

import asyncio

import pytest

from models import bulk_update, notification, team
from models.bulk_update import BulkEdit, BulkOutcome
from models.bulk_update.item import BulkUpdateItem
from models.errors import ErrorCode
from models.ground import store as database
from models.ground.page import Window
from models.notification import InboxFilter, NotificationKind
from models.run import RunLost, RunStatus, release
from models.run.starting import MOST_WAITING
from models.toggles import Invite, Switch
from models.viewer import Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.bulk_updates import ALL, ENABLE, all_end, asked, claimed, stepped, told, view
from tests.support.firm.factories import a_firm, a_member, an_account
from tests.support.refusals import refused
from tests.support.waiting import held, patience, until_waiting

pytestmark = pytest.mark.usefixtures("store")
INVITING = BulkEdit(ALL, login=ENABLE, invite=Invite())
by = owner_of_a_new_firm


async def test_a_firm_has_as_many_waiting_as_may_be_and_no_more_until_one_has_ended(by: Viewer) -> None:
    runs = [await asked(by, INVITING) for _ in range(MOST_WAITING)]
    other, elsewhere = await a_member(by), await a_member(await a_firm())
    for ask in (bulk_update.start, bulk_update.preview):
        with refused(ErrorCode.INVALID):
            await ask(other, INVITING)
    await bulk_update.start(elsewhere, INVITING)
    await bulk_update.cancel(by, runs[-1])
    await bulk_update.start(other, INVITING)


async def test_the_same_key_gives_the_run_that_waits_also_where_no_more_may(by: Viewer) -> None:
    done = await bulk_update.start(by, INVITING, key="once")
    for _ in range(MOST_WAITING - 1):
        await asked(by, INVITING)
    assert (await bulk_update.start(by, INVITING, key="once")).ids == done.ids


async def test_a_run_is_cancelled_at_once_also_while_it_is_planned(by: Viewer, store: str) -> None:
    """However many addresses it has; what had been planned is forgotten."""
    await an_account(by)
    run_id = await asked(by, INVITING)
    run_held = await claimed()
    async with held(database.execute("LOCK TABLE bulk_update_item IN EXCLUSIVE MODE")):
        planning = asyncio.create_task(stepped(run_held))
        await until_waiting(store, 1)
        async with patience():
            await bulk_update.cancel(by, run_id)
    with pytest.raises(RunLost):
        await planning
    ended = await view(by, run_id)
    assert (ended.status, ended.total) == (RunStatus.CANCELLED, 0)
    assert await told(by, run_id) == {}
    assert await BulkUpdateItem.filter(run_id=run_id).count() == 0


async def test_who_is_gone_when_it_ends_is_told_nothing_and_neither_is_anybody_in_their_stead(by: Viewer) -> None:
    going = await a_member(by)
    await an_account(by, code="A", address="anna@client.test")
    await an_account(by, code="B", address="bruno@client.test")
    run_id = await asked(going, INVITING)
    run_held = await claimed()
    await stepped(run_held)
    await stepped(run_held)
    await release(run_held)
    await team.remove(by, going.member_id)
    await all_end()
    ended = await view(by, run_id)
    assert (ended.status, ended.done) == (RunStatus.FINISHED, 2)
    outcomes = (BulkOutcome.INVITED, BulkOutcome.ERROR)
    assert [ended.tallies[Switch.LOGIN][outcome] for outcome in outcomes] == [1, 1]
    assert await _told(by) == await _told(going) == []


async def _told(by: Viewer) -> list[NotificationKind]:
    page = await notification.page(by, InboxFilter(), Window(50))
    return [entry.kind for entry in page.rows if entry.kind is NotificationKind.BULK_UPDATE_FINISHED]
