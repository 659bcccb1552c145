"""What an undo puts back: what the run had changed, unless somebody has set it since, by the journal (R30)."""

import pytest

from models import account
from models.bulk_update import undo
from models.ground import store
from models.letter import Letter
from models.run import RunStatus
from models.toggles import Invite, Switch
from models.viewer import Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.bulk_updates import DISABLE, ENABLE, all_end, stepped, view
from tests.support.firm.factories import an_account, counting, spelled, switched
from tests.support.firm.preferences import APPROVALS, DOCUMENTS, MESSAGES, SIGNATURES, muted, preferences, preferred
from tests.support.firm.undos import asked, begun, came, ran, undone

pytestmark = pytest.mark.usefixtures("store")
LOGIN, NOTIFY, EMAIL_SYNC = Switch
by = owner_of_a_new_firm


async def test_an_undo_puts_everything_back_and_nobody_is_written_to(by: Viewer) -> None:
    off, on = await an_account(by), await an_account(by, login=True, notify=True, email_sync=True)
    before = [await spelled(by, made.id, made.address) for made in (off, on)]
    run = await ran(by, off, on, login=ENABLE, notify=ENABLE, email_sync=DISABLE)
    assert [await spelled(by, made.id, made.address) for made in (off, on)] == ["LN", "LN"]
    taken_back = await undone(by, run)
    assert [await spelled(by, made.id, made.address) for made in (off, on)] == before
    assert await came(by, taken_back, off) == {LOGIN: "on off CHANGED", NOTIFY: "on off CHANGED"}
    assert await came(by, taken_back, on) == {EMAIL_SYNC: "off on CHANGED"}
    assert await Letter.all().count() == 0


async def test_preferences_are_put_back_exactly(by: Viewer) -> None:
    """R13: those that the run did not name stay, those that were so already too"""
    made = await an_account(by)
    await preferred(by, made.id, made.address, DOCUMENTS, SIGNATURES, APPROVALS)
    named = (*preferences(DOCUMENTS, on=True), *preferences(SIGNATURES, MESSAGES))
    run = await ran(by, made, notify=ENABLE, preferences=named)
    assert await muted(by, made.id, made.address) == {SIGNATURES, APPROVALS, MESSAGES}
    await undone(by, run)
    assert await muted(by, made.id, made.address) == {DOCUMENTS, SIGNATURES, APPROVALS}
    assert await spelled(by, made.id, made.address) == "-"


async def test_categories_are_put_back_where_notify_had_been_on(by: Viewer) -> None:
    made = await an_account(by, notify=True)
    run = await ran(by, made, notify=ENABLE, preferences=preferences(DOCUMENTS))
    taken_back = await undone(by, run)
    assert await muted(by, made.id, made.address) == set()
    assert await came(by, taken_back, made) == {NOTIFY: "on on CHANGED"}


@pytest.mark.parametrize("back", [False, True], ids=["set", "set and set back"])
async def test_what_somebody_has_set_since_stays_and_is_a_conflict(by: Viewer, back: bool) -> None:
    made, other = await an_account(by), await an_account(by)
    run = await ran(by, made, other, login=ENABLE, notify=ENABLE)
    await switched(by, made.id, made.address, login=False)
    if back:
        await switched(by, made.id, made.address, login=True)
    taken_back = await undone(by, run)
    kept = "on" if back else "off"
    assert await came(by, taken_back, made) == {
        LOGIN: f"{kept} {kept} CHANGED_MEANWHILE",
        NOTIFY: "on off CHANGED",
    }
    assert await spelled(by, made.id, made.address) == ("L" if back else "-")
    assert await spelled(by, other.id, other.address) == "-"


async def test_what_was_set_before_the_run_is_no_conflict(by: Viewer) -> None:
    made = await an_account(by)
    await switched(by, made.id, made.address, login=True)
    await switched(by, made.id, made.address, login=False)
    await preferred(by, made.id, made.address, DOCUMENTS)
    run = await ran(by, made, login=ENABLE, notify=ENABLE, preferences=preferences(DOCUMENTS, on=True))
    taken_back = await undone(by, run)
    assert await came(by, taken_back, made) == {LOGIN: "on off CHANGED", NOTIFY: "on off CHANGED"}
    assert await muted(by, made.id, made.address) == {DOCUMENTS}


async def test_what_was_set_between_plan_and_chunk_of_the_run_is_no_conflict(by: Viewer) -> None:
    made = await an_account(by)
    run = await asked(by, made, login=ENABLE)
    run_held = await begun()
    await switched(by, made.id, made.address, login=True)
    await switched(by, made.id, made.address, login=False)
    assert not await stepped(run_held)
    assert await came(by, await undone(by, run), made) == {LOGIN: "on off CHANGED"}


async def test_a_category_set_since_stays_and_the_others_are_put_back(by: Viewer) -> None:
    made = await an_account(by)
    run = await ran(by, made, notify=ENABLE, preferences=preferences(DOCUMENTS, SIGNATURES))
    await preferred(by, made.id, made.address, DOCUMENTS, on=True)
    await preferred(by, made.id, made.address, DOCUMENTS)
    taken_back = await undone(by, run)
    assert await came(by, taken_back, made) == {NOTIFY: "on off CHANGED_MEANWHILE"}
    assert await muted(by, made.id, made.address) == {DOCUMENTS}


async def test_a_category_that_the_run_did_not_change_is_nobodys_conflict(by: Viewer) -> None:
    made = await an_account(by)
    run = await ran(by, made, notify=ENABLE, preferences=preferences(DOCUMENTS))
    await preferred(by, made.id, made.address, MESSAGES)
    assert await came(by, await undone(by, run), made) == {NOTIFY: "on off CHANGED"}
    assert await muted(by, made.id, made.address) == {MESSAGES}


async def test_where_notify_was_set_since_its_categories_are_put_back(by: Viewer) -> None:
    made = await an_account(by)
    run = await ran(by, made, notify=ENABLE, preferences=preferences(DOCUMENTS))
    await switched(by, made.id, made.address, notify=False)
    await switched(by, made.id, made.address, notify=True)
    assert await came(by, await undone(by, run), made) == {NOTIFY: "on on CHANGED_MEANWHILE"}
    assert await muted(by, made.id, made.address) == set()


async def test_notify_stays_as_somebody_set_it_where_the_run_changed_its_categories_alone(by: Viewer) -> None:
    made = await an_account(by, notify=True)
    run = await ran(by, made, notify=ENABLE, preferences=preferences(DOCUMENTS))
    await switched(by, made.id, made.address, notify=False)
    assert await came(by, await undone(by, run), made) == {NOTIFY: "off off CHANGED"}
    assert await muted(by, made.id, made.address) == set()


async def test_what_a_later_run_set_is_a_conflict_and_undone_from_the_last_on_nothing_is(by: Viewer) -> None:
    made, other = await an_account(by), await an_account(by)
    first = await ran(by, made, other, login=ENABLE)
    second = await ran(by, made, login=DISABLE)
    assert await came(by, await undone(by, second), made) == {LOGIN: "off on CHANGED"}
    taken_back = await undone(by, first)
    assert await came(by, taken_back, made) == {LOGIN: "on on CHANGED_MEANWHILE"}, "set and set back"
    assert await came(by, taken_back, other) == {LOGIN: "on off CHANGED"}


async def test_what_was_unchanged_or_an_error_is_in_no_undo(by: Viewer) -> None:
    on, archived = await an_account(by, login=True), await an_account(by)
    await account.archive(by, archived.id, archived=True)
    run = await ran(by, on, archived, login=ENABLE)
    taken_back = await undone(by, run)
    seen = await view(by, taken_back)
    assert (seen.total, seen.account_count, seen.status) == (0, 0, RunStatus.FINISHED)


async def test_what_is_set_while_the_undo_goes_on_stays_too(by: Viewer) -> None:
    first, second = await an_account(by, code="A1"), await an_account(by, code="A2")
    run = await ran(by, first, second, login=ENABLE)
    taken_back = (await undo(by, run)).ids[0]
    run_held = await begun()
    await switched(by, second.id, second.address, login=False)
    await switched(by, second.id, second.address, login=True)
    while await stepped(run_held):
        pass
    assert await came(by, taken_back, first) == {LOGIN: "on off CHANGED"}
    assert await came(by, taken_back, second) == {LOGIN: "on on CHANGED_MEANWHILE"}
    seen = await view(by, taken_back)
    assert {outcome: count for outcome, count in seen.tallies[LOGIN].items() if count} == {"CHANGED": 1, "ERROR": 1}


async def test_as_many_statements_for_many_addresses_as_for_few(by: Viewer) -> None:
    async def statements(number: int) -> int:
        accounts = [await an_account(by, login=n % 2 == 0) for n in range(number)]
        await ran(by, *accounts, login=ENABLE, notify=ENABLE, invite=Invite(), preferences=preferences(DOCUMENTS))
        runs = await store.rows("SELECT id FROM run ORDER BY id DESC LIMIT 1")
        await undo(by, runs[0]["id"])
        async with counting() as sent:
            await all_end()
        assert [await spelled(by, made.id, made.address) for made in accounts] == ["L", "-"] * (number // 2)
        return len(sent)

    assert await statements(4) == await statements(30)
