"""Undo of a bulk update: put back unless somebody has set it since, by the journal (R30)."""

import asyncio
from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from models import account, contact, journal
from models.bulk_update import cancel, undo
from models.errors import ErrorCode
from models.ground import clock, store
from models.ground.page import Window
from models.invitation import accepting
from models.journal import Change, JournalFilter, JournalKind
from models.letter import Letter
from models.notification_category import NotificationCategory
from models.run import RunStatus
from models.team import TeamMember
from models.toggles import Invite, LoginState, Switch
from models.viewer import TeamRole, Viewer
from tests.support.firm.bulk_updates import DISABLE, ENABLE, all_end, stepped, view
from tests.support.firm.contact_edits import edit, shown
from tests.support.firm.factories import (
    PASSWORD,
    MadeAccount,
    a_firm,
    a_member,
    an_account,
    an_address,
    counting,
    spelled,
    switched,
    token_of,
    with_password,
)
from tests.support.firm.invitations import ends_of, login_of
from tests.support.firm.preferences import muted, preferences, preferred
from tests.support.firm.undos import asked, begun, came, ran, undone
from tests.support.refusals import refused
from tests.support.waiting import held, until_waiting

pytestmark = pytest.mark.usefixtures("store")
LOGIN, NOTIFY, EMAIL_SYNC = Switch
DOCUMENTS, SIGNATURES, APPROVALS, MESSAGES, *_ = NotificationCategory


@pytest.fixture
async def by(store: str) -> Viewer:
    return await a_member(await a_firm())


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


async def an_unlinked_email(by: Viewer) -> MadeAccount:
    made = await an_account(by, login=True)
    await with_password(by, made.address)
    await edit(by, made.contact, email=None)
    return made


async def test_login_off_on_an_unlinked_email_is_put_back_as_one(by: Viewer) -> None:
    made = await an_unlinked_email(by)
    listed = await shown(by, made)
    run = await ran(by, made, login=DISABLE, notify=DISABLE)
    assert await shown(by, made) == {}
    assert await came(by, await undone(by, run), made) == {LOGIN: "off on CHANGED"}
    assert await shown(by, made) == listed == dict.fromkeys(listed, "L?")


async def test_login_stays_where_the_person_has_activated_since(by: Viewer) -> None:
    """Nobody is locked out by an undo"""
    made, active = await an_account(by), await an_account(by)
    await with_password(by, active.address)
    run = await ran(by, made, active, login=ENABLE, notify=ENABLE, invite=Invite())
    await accepting.accept(await token_of(made.address), PASSWORD, days=1)
    taken_back = await undone(by, run)
    assert await came(by, taken_back, made) == {LOGIN: "on on ACTIVATED_SINCE", NOTIFY: "on off CHANGED"}
    assert await came(by, taken_back, active) == {LOGIN: "on off CHANGED", NOTIFY: "on off CHANGED"}
    assert await login_of(by, made) is LoginState.ACTIVE
    assert await login_of(by, active) is LoginState.OFF


async def test_whoever_activated_between_plan_and_chunk_had_activated_before(by: Viewer) -> None:
    made = await an_account(by)
    run = await asked(by, made, login=ENABLE)
    run_held = await begun()
    await with_password(by, made.address)
    assert not await stepped(run_held)
    assert await came(by, await undone(by, run), made) == {LOGIN: "on off CHANGED"}


async def test_login_that_the_run_disabled_comes_back_whether_or_not_somebody_activated_since(by: Viewer) -> None:
    made = await an_account(by, login=True)
    run = await ran(by, made, login=DISABLE)
    await with_password(by, made.address)
    assert await came(by, await undone(by, run), made) == {LOGIN: "off on CHANGED"}


async def test_login_that_went_on_without_a_letter_goes_off_again(by: Viewer) -> None:
    """R17: the error was of the letter, not of the switch"""
    made = await an_account(by)
    await store.execute("UPDATE email_address SET suppressed_at = now() WHERE id = $1", made.address)
    run = await ran(by, made, login=ENABLE, invite=Invite())
    assert await came(by, run, made) == {LOGIN: "off on ADDRESS_SUPPRESSED"}
    assert await came(by, await undone(by, run), made) == {LOGIN: "on off CHANGED"}


async def test_what_was_unchanged_or_an_error_is_in_no_undo(by: Viewer) -> None:
    on, archived = await an_account(by, login=True), await an_account(by)
    await account.archive(by, archived.id, archived=True)
    run = await ran(by, on, archived, login=ENABLE)
    taken_back = await undone(by, run)
    seen = await view(by, taken_back)
    assert (seen.total, seen.account_count, seen.status) == (0, 0, RunStatus.FINISHED)


async def test_moved_to_another_address_the_settings_stay_with_it(by: Viewer) -> None:
    """R33: whoever moved them has set them"""
    made, old = await an_account(by, address="old@x.test"), "old@x.test"
    run = await ran(by, made, login=ENABLE, notify=ENABLE, preferences=preferences(DOCUMENTS))
    await edit(by, made.contact, email="new@x.test")
    taken_back = await undone(by, run)
    assert await came(by, taken_back, made) == {
        LOGIN: "off off CHANGED_MEANWHILE",
        NOTIFY: "off off CHANGED_MEANWHILE",
    }
    assert await shown(by, made) == {"new@x.test": "LN"}
    assert await muted(by, made.id, await an_address(by, "new@x.test")) == {DOCUMENTS}
    assert await muted(by, made.id, await an_address(by, old)) == {DOCUMENTS}


async def test_what_was_switched_off_is_not_put_back_where_nobody_holds_the_address_any_more(by: Viewer) -> None:
    moved, deleted = await an_account(by, login=True, notify=True), await an_account(by, login=True, email_sync=True)
    run = await ran(by, moved, deleted, login=DISABLE, notify=DISABLE, email_sync=DISABLE)
    await edit(by, moved.contact, email="new@x.test")
    await contact.delete(by, deleted.contact)
    taken_back = await undone(by, run)
    conflict = "off off CHANGED_MEANWHILE"
    assert await came(by, taken_back, moved) == {LOGIN: conflict, NOTIFY: conflict}
    assert await came(by, taken_back, deleted) == {LOGIN: conflict, EMAIL_SYNC: conflict}
    assert [await spelled(by, made.id, made.address) for made in (moved, deleted)] == ["-", "-"]


async def test_an_activated_address_that_nobody_holds_any_more_keeps_its_login(by: Viewer) -> None:
    made = await an_account(by)
    await with_password(by, made.address)
    run = await ran(by, made, login=ENABLE, notify=ENABLE)
    await edit(by, made.contact, email=None)
    taken_back = await undone(by, run)
    assert await came(by, taken_back, made) == {LOGIN: "on on CHANGED_MEANWHILE", NOTIFY: "off off CHANGED_MEANWHILE"}


async def test_on_an_archived_account_nothing_is_switched_on_again(by: Viewer) -> None:
    """R44"""
    on, off = await an_account(by, login=True, notify=True, email_sync=True), await an_account(by)
    switched_off = await ran(by, on, login=DISABLE, notify=DISABLE, email_sync=DISABLE)
    switched_on = await ran(by, off, login=ENABLE, notify=ENABLE, preferences=preferences(DOCUMENTS))
    for made in (on, off):
        await account.archive(by, made.id, archived=True)
    why = "off off ACCOUNT_ARCHIVED"
    assert await came(by, await undone(by, switched_off), on) == {LOGIN: why, NOTIFY: why, EMAIL_SYNC: why}
    taken_back = await undone(by, switched_on)
    assert await came(by, taken_back, off) == {LOGIN: "on off CHANGED", NOTIFY: "on off ACCOUNT_ARCHIVED"}
    assert await muted(by, off.id, off.address) == {DOCUMENTS}, "a category is not taken on there either"


async def test_on_an_archived_account_a_category_is_taken_off_again(by: Viewer) -> None:
    made = await an_account(by, notify=True)
    await preferred(by, made.id, made.address, DOCUMENTS)
    run = await ran(by, made, notify=ENABLE, preferences=preferences(DOCUMENTS, on=True))
    await account.archive(by, made.id, archived=True)
    assert await came(by, await undone(by, run), made) == {NOTIFY: "on on CHANGED"}
    assert await muted(by, made.id, made.address) == {DOCUMENTS}


async def test_what_somebody_set_comes_before_that_the_account_is_archived(by: Viewer) -> None:
    made, other = await an_account(by, login=True), await an_account(by, login=True)
    run = await ran(by, made, other, login=DISABLE, notify=ENABLE, preferences=preferences(DOCUMENTS, MESSAGES))
    for one in (made, other):
        await switched(by, one.id, one.address, login=True)
    await preferred(by, made.id, made.address, DOCUMENTS, on=True)
    await switched(by, other.id, other.address, notify=False)
    for one in (made, other):
        await account.archive(by, one.id, archived=True)
    taken_back = await undone(by, run)
    assert await came(by, taken_back, made) == {LOGIN: "on on CHANGED_MEANWHILE", NOTIFY: "on off CHANGED_MEANWHILE"}
    assert await came(by, taken_back, other) == {LOGIN: "on on CHANGED_MEANWHILE", NOTIFY: "off off CHANGED_MEANWHILE"}
    assert await muted(by, made.id, made.address) == {MESSAGES}
    assert await muted(by, other.id, other.address) == {DOCUMENTS, MESSAGES}


async def test_email_sync_is_not_put_back_for_an_address_that_is_the_firms_own_by_now(by: Viewer) -> None:
    """R46"""
    made = await an_account(by, address="person@x.test", email_sync=True, notify=True)
    run = await ran(by, made, email_sync=DISABLE, notify=DISABLE)
    await a_member(by, email="person@x.test")
    assert await came(by, await undone(by, run), made) == {
        NOTIFY: "off on CHANGED",
        EMAIL_SYNC: "off off OWN_ADDRESS",
    }


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
