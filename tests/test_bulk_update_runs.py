"""A bulk update as a run: one after the other, cancelled, lost, refused, and who is told of it (R25 to R29)."""

from datetime import timedelta
from uuid import UUID

import pytest

from models import bulk_update, journal
from models.bulk_update import BulkEdit
from models.errors import ErrorCode
from models.ground import clock, store
from models.ground.page import Window
from models.journal import JournalFilter, JournalKind
from models.notification_category import NotificationCategory
from models.run import RunLost, RunStatus
from models.toggles import Invite, NotificationPreference, Switch
from models.viewer import TeamRole, Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.bulk_updates import (
    ALL,
    DISABLE,
    ENABLE,
    INVITING,
    all_end,
    asked,
    claimed,
    letters,
    ran,
    stepped,
    these,
    told,
    view,
)
from tests.support.firm.factories import a_firm, a_member, an_account
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
LOGIN, NOTIFY, SYNC = Switch

MESSAGES = (NotificationPreference(NotificationCategory.MESSAGES, True),)
by = owner_of_a_new_firm


async def test_who_loses_the_right_midway_changes_nothing_more(by: Viewer) -> None:
    someone = await a_member(by, role=TeamRole.EMPLOYEE, manage_accounts=True)
    for code in "AB":
        await an_account(by, code=code, address=f"{code}@client.test")
    run_id = await asked(someone, INVITING)
    held = await claimed()
    await stepped(held)
    await stepped(held)
    await store.execute("UPDATE team_member SET manage_accounts = false WHERE id = $1", someone.member_id)
    assert not await stepped(held)
    assert await told(by, run_id) == {
        "A A@client.test": {LOGIN: "off on INVITED"},
        "B B@client.test": {LOGIN: "off off ERROR NOT_ALLOWED"},
    }


async def test_a_worker_that_was_thought_dead_writes_nothing(by: Viewer) -> None:
    for code in "AB":
        await an_account(by, code=code, address=f"{code}@client.test")
    run_id = await asked(by, INVITING)
    slow = await claimed("slow")
    await stepped(slow)
    await store.execute("UPDATE run SET lease_until = now() - interval '1 second'")
    quick = await claimed("quick")
    with pytest.raises(RunLost):
        await stepped(slow)
    assert await letters() == 0
    while await stepped(quick):
        pass
    assert (await view(by, run_id)).done == await letters() == 2


async def test_runs_of_a_firm_go_one_after_the_other(by: Viewer) -> None:
    await an_account(by, address="a@client.test")
    first, second = await asked(by, BulkEdit(ALL, login=ENABLE)), await asked(by, BulkEdit(ALL, login=DISABLE))
    assert (await claimed()).run_id == first
    await store.execute("UPDATE run SET lease_until = now() - interval '1 second'")
    await all_end()
    assert [(await view(by, run)).status for run in (first, second)] == [RunStatus.FINISHED] * 2
    assert (await told(by, second)).popitem()[1] == {LOGIN: "on off CHANGED"}


async def test_a_cancelled_run_keeps_what_it_did_and_does_no_more(by: Viewer) -> None:
    for code in "ABC":
        await an_account(by, code=code, address=f"{code}@client.test")
    run_id = await asked(by, INVITING)
    held = await claimed()
    await stepped(held)
    await stepped(held)
    await bulk_update.cancel(by, run_id)
    with pytest.raises(RunLost):
        await stepped(held)
    run = await view(by, run_id)
    assert (run.status, run.done, run.total) == (RunStatus.CANCELLED, 1, 3)
    assert set(await told(by, run_id)) == {"A A@client.test"}
    with refused(ErrorCode.RUN_ENDED, "id"):
        await bulk_update.cancel(by, run_id)


async def test_one_without_anybody_ends_at_once(by: Viewer) -> None:
    run = await view(by, await ran(by, INVITING))
    assert (run.status, run.total, run.account_count) == (RunStatus.FINISHED, 0, 0)


async def test_whoever_started_it_is_told_and_nobody_else(by: Viewer) -> None:
    await a_member(by)
    await an_account(by)
    run_id = await ran(by, INVITING)
    told = await store.rows("SELECT member_id, kind, subject_id FROM notification")
    assert [tuple(map(str, row)) for row in told] == [(str(by.member_id), "BULK_UPDATE_FINISHED", str(run_id))]


async def test_the_journal_names_the_run_in_each_of_its_entries(by: Viewer) -> None:
    await an_account(by)
    run_id = await ran(by, INVITING)
    entries = (await journal.page(by, JournalFilter(bulk_update_id=run_id), Window(50))).rows
    assert [entry.kind for entry in entries] == [
        JournalKind.BULK_UPDATE_ENDED,
        JournalKind.INVITATION_SENT,
        JournalKind.TOGGLES_CHANGED,
        JournalKind.BULK_UPDATE_STARTED,
    ]


@pytest.mark.parametrize(
    ("edit", "path"),
    [
        (BulkEdit(ALL), ()),
        (BulkEdit(ALL, notify=ENABLE, invite=Invite()), ("invite",)),
        (BulkEdit(ALL, login=DISABLE, invite=Invite()), ("invite",)),
        (BulkEdit(ALL, login=ENABLE, invite=Invite("x" * 501)), ("invite", "message")),
        (BulkEdit(these(), login=ENABLE), ("accounts", "ids")),
        (BulkEdit(these(*[UUID(int=1)] * 1001), login=ENABLE), ("accounts", "ids")),
        (
            BulkEdit(ALL, login=ENABLE, preferences=MESSAGES),
            ("notificationPreferences",),
        ),
        (
            BulkEdit(
                ALL, notify=ENABLE, preferences=(NotificationPreference(NotificationCategory.MESSAGES, True),) * 2
            ),
            ("notificationPreferences", "1", "category"),
        ),
    ],
)
async def test_what_makes_no_sense_is_refused(by: Viewer, edit: BulkEdit, path: tuple[str, ...]) -> None:
    with refused(ErrorCode.INVALID, *path):
        await bulk_update.start(by, edit)


async def test_an_account_of_another_firm_refuses_the_whole(by: Viewer) -> None:
    mine, theirs = await an_account(by), await an_account(await a_firm())
    with refused(ErrorCode.NOT_FOUND, "accounts", "ids", "1"):
        await bulk_update.start(by, BulkEdit(these(mine.id, theirs.id), login=ENABLE))


async def test_who_may_only_look_starts_and_cancels_nothing(by: Viewer) -> None:
    someone = await a_member(by, role=TeamRole.EMPLOYEE)
    with refused(ErrorCode.NOT_ALLOWED):
        await bulk_update.start(someone, INVITING)
    run_id = await asked(by, INVITING)
    with refused(ErrorCode.NOT_ALLOWED):
        await bulk_update.cancel(someone, run_id)


async def test_the_same_key_gives_the_same_run_also_after_29_days(by: Viewer) -> None:
    await an_account(by)
    done = await bulk_update.start(by, INVITING, key="once")
    await all_end()
    later = clock.now() + timedelta(days=29)
    clock.set_source(lambda: later)
    assert await bulk_update.start(by, INVITING, key="once") == done
    with refused(ErrorCode.IDEMPOTENCY_KEY_REUSED):
        await bulk_update.start(by, BulkEdit(ALL, login=ENABLE), key="once")
