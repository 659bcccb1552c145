"""An undo is a run of its own: refused, cancelled, asked for twice, and what the journal says of it (R30)."""

import asyncio
from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from models import journal
from models.bulk_update import cancel, undo
from models.errors import ErrorCode
from models.ground import clock, store
from models.ground.page import Window
from models.journal import Change, JournalFilter, JournalKind
from models.team import TeamMember
from models.toggles import Invite, Switch
from models.viewer import TeamRole, Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.bulk_updates import ENABLE, all_end, stepped, view
from tests.support.firm.factories import a_firm, a_member, an_account, spelled, switched
from tests.support.firm.invitations import ends_of
from tests.support.firm.preferences import DOCUMENTS, muted, preferences
from tests.support.firm.undos import asked, begun, came, ran, undone
from tests.support.refusals import refused
from tests.support.waiting import held, until_waiting

pytestmark = pytest.mark.usefixtures("store")
LOGIN, NOTIFY, EMAIL_SYNC = Switch
by = owner_of_a_new_firm


async def test_an_undo_of_a_cancelled_run_takes_back_what_was_reached(by: Viewer) -> None:
    first, second = await an_account(by, code="A1"), await an_account(by, code="A2")
    await switched(by, second.id, second.address, login=True)
    run = await asked(by, first, second, login=ENABLE, notify=ENABLE)
    run_held = await begun()
    assert await stepped(run_held)
    await cancel(by, run)
    await switched(by, second.id, second.address, notify=True)
    taken_back = await undone(by, run)
    assert [await spelled(by, made.id, made.address) for made in (first, second)] == ["-", "LN"]
    assert await came(by, taken_back, second) == {}
    seen = await view(by, taken_back)
    assert (seen.total, seen.done, seen.account_count, seen.undoes) == (1, 1, 1, run)


async def test_whoever_loses_the_right_midway_puts_nothing_back_any_more(by: Viewer) -> None:
    helper = await a_member(by, role=TeamRole.EMPLOYEE, manage_accounts=True)
    made = await an_account(by, login=True)
    run = await ran(by, made, login=ENABLE, notify=ENABLE, invite=Invite(), preferences=preferences(DOCUMENTS))
    taken_back = (await undo(helper, run)).ids[0]
    run_held = await begun()
    await TeamMember.filter(id=helper.member_id).update(manage_accounts=False)
    assert not await stepped(run_held)
    assert await came(by, taken_back, made) == {LOGIN: "on on NOT_ALLOWED", NOTIFY: "on on NOT_ALLOWED"}
    assert await spelled(by, made.id, made.address) == "LN"
    assert await muted(by, made.id, made.address) == {DOCUMENTS}
    told = "SELECT muted_from, muted_to FROM bulk_update_item WHERE run_id = $1"
    assert [[*row] for row in await store.rows(told, taken_back)] == [[[DOCUMENTS], [DOCUMENTS]]]
    assert await ends_of(made.address) == [None]


async def test_what_cannot_be_undone_says_why(by: Viewer) -> None:
    made = await an_account(by)
    run = await asked(by, made, login=ENABLE)
    with refused(ErrorCode.RUN_NOT_ENDED, "id"):
        await undo(by, run)
    await all_end()
    for whoever, unknown in ((await a_member(await a_firm()), run), (by, uuid7())):
        with refused(ErrorCode.NOT_FOUND, "id"):
            await undo(whoever, unknown)
    with refused(ErrorCode.NOT_ALLOWED):
        await undo(await a_member(by, role=TeamRole.EMPLOYEE), run)
    taken_back = await undone(by, run)
    with refused(ErrorCode.ALREADY_UNDONE, "id"):
        await undo(by, run)
    with refused(ErrorCode.INVALID, "id"):
        await undo(by, taken_back)


async def test_an_undo_that_was_cancelled_counts_as_the_once(by: Viewer) -> None:
    made = await an_account(by)
    run = await ran(by, made, login=ENABLE)
    await cancel(by, (await undo(by, run)).ids[0])
    await all_end()
    assert await spelled(by, made.id, made.address) == "L"
    with refused(ErrorCode.ALREADY_UNDONE, "id"):
        await undo(by, run)


async def test_anybody_with_the_right_undoes_what_a_colleague_started(by: Viewer) -> None:
    made, helper = await an_account(by), await a_member(by, role=TeamRole.EMPLOYEE, manage_accounts=True)
    run = await ran(by, made, login=ENABLE)
    seen = await view(by, await undone(helper, run))
    assert seen.started_by == helper.member_id
    assert await spelled(by, made.id, made.address) == "-"


async def test_of_two_undos_at_once_one_is_refused(by: Viewer, store: str) -> None:
    made, colleague = await an_account(by), await a_member(by)
    run = await ran(by, made, login=ENABLE)
    async with held(undo(by, run)):
        second = asyncio.create_task(undo(colleague, run))
        await until_waiting(store, 1)
    with refused(ErrorCode.ALREADY_UNDONE, "id"):
        await second


async def test_the_same_key_gives_the_same_undo_long_after_it_has_ended(by: Viewer) -> None:
    """R31"""
    made, other = await an_account(by), await an_account(by)
    run, another = await ran(by, made, login=ENABLE), await ran(by, other, login=ENABLE)
    done = await undo(by, run, key="take it back")
    assert await undo(by, run, key="take it back") == done
    await all_end()
    instant = clock.now() + timedelta(days=29)
    clock.set_source(lambda: instant)
    assert await undo(by, run, key="take it back") == done
    with refused(ErrorCode.IDEMPOTENCY_KEY_REUSED):
        await undo(by, another, key="take it back")


async def test_an_undo_is_a_run_of_its_own_in_the_journal(by: Viewer) -> None:
    made = await an_account(by)
    run = await ran(by, made, login=ENABLE, invite=Invite())
    taken_back = await undone(by, run)
    entries = (await journal.page(by, JournalFilter(bulk_update_id=taken_back), Window())).rows
    kinds = [JournalKind.BULK_UPDATE_STARTED, JournalKind.TOGGLES_CHANGED, JournalKind.BULK_UPDATE_ENDED]
    assert [entry.kind for entry in reversed(entries)] == kinds
    assert [change.field for change in entries[-1].changes] == ["undoes"]
    assert entries[1].changes == (Change("login", "true", "false"),)
