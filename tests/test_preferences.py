"""What each address takes or leaves of what clients are told (R13)."""

import asyncpg
import pytest

from models import account, address, contact, journal
from models.contact import ContactEmail, FieldRef
from models.errors import ErrorCode
from models.ground import clock, store
from models.ground.page import Window
from models.journal import Change, JournalFilter, JournalKind
from models.notification_category import NotificationCategory
from models.toggles import NotificationPreference, PreferencesWish, TogglesWish
from models.toggles.preferring import prefer, set_preferences
from models.toggles.setting import set_toggles
from models.viewer import JournalSource, LetterLink, System, TeamRole, Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import (
    a_firm,
    a_member,
    an_account,
    an_address,
    counting,
    spelled,
    switched,
    toggles_of,
)
from tests.support.firm.preferences import (
    APPROVALS,
    EIGHT,
    MESSAGES,
    PROPOSALS,
    muted,
    preferences,
    preferred,
    version_of,
)
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
EMAIL = FieldRef(name="Email")
by = owner_of_a_new_firm


async def test_all_eight_are_on_from_the_start_and_off_only_where_they_are_named(by: Viewer) -> None:
    made, elsewhere = await an_account(by, address="p@x.test"), await an_account(by, address="p@x.test")
    assert await muted(by, made.id, made.address) == set()
    await preferred(by, made.id, made.address, MESSAGES, PROPOSALS)
    await preferred(by, made.id, made.address, PROPOSALS, on=True)
    assert await muted(by, made.id, made.address) == {MESSAGES}
    assert await muted(by, elsewhere.id, made.address) == set()


async def test_all_eight_may_be_off(by: Viewer) -> None:
    made = await an_account(by, notify=True)
    await preferred(by, made.id, made.address, *EIGHT)
    assert await muted(by, made.id, made.address) == EIGHT
    assert await spelled(by, made.id, made.address) == "N"


async def test_switching_never_touches_them_and_they_can_be_set_while_notify_is_off(by: Viewer) -> None:
    made = await an_account(by)
    await preferred(by, made.id, made.address, MESSAGES)
    for on in (True, False, True):
        await switched(by, made.id, made.address, login=on, notify=on, email_sync=on)
        assert await muted(by, made.id, made.address) == {MESSAGES}
    await preferred(by, made.id, made.address, MESSAGES, on=True)
    assert await muted(by, made.id, made.address) == set()


async def test_what_is_so_already_changes_nothing_and_tells_nobody(by: Viewer) -> None:
    """R3"""
    made = await an_account(by)
    await preferred(by, made.id, made.address, MESSAGES)
    before, head = await toggles_of(by, made.id, made.address), await journal.head(by.firm_id)
    wish = PreferencesWish(made.id, made.address, preferences(MESSAGES) + preferences(PROPOSALS, on=True))
    done = await set_preferences(by, [wish])
    assert done.cursor is None
    assert await journal.head(by.firm_id) == head
    assert await toggles_of(by, made.id, made.address) == before
    assert (await set_preferences(by, [PreferencesWish(made.id, made.address, ())])).cursor is None


async def test_switches_and_preferences_have_one_version(by: Viewer) -> None:
    made = await an_account(by)
    seen = await version_of(by, made)
    await set_preferences(by, [PreferencesWish(made.id, made.address, preferences(MESSAGES), expected_version=seen)])
    assert await version_of(by, made) == seen + 1
    with refused(ErrorCode.CHANGED_MEANWHILE, "toggles", 0):
        await set_toggles(by, [TogglesWish(made.id, made.address, login=True, expected_version=seen)])
    await set_toggles(by, [TogglesWish(made.id, made.address, login=True, expected_version=seen + 1)])
    with refused(ErrorCode.CHANGED_MEANWHILE, "toggles", 0):
        wish = PreferencesWish(made.id, made.address, preferences(PROPOSALS), expected_version=seen + 1)
        await set_preferences(by, [wish])
    assert await muted(by, made.id, made.address) == {MESSAGES}


async def test_the_journal_lists_what_changed_and_who_did_it(by: Viewer) -> None:
    made = await an_account(by)
    await preferred(by, made.id, made.address, MESSAGES, PROPOSALS)
    await set_preferences(
        by,
        [PreferencesWish(made.id, made.address, preferences(APPROVALS, MESSAGES) + preferences(PROPOSALS, on=True))],
    )
    wanted = JournalFilter(kinds=(JournalKind.PREFERENCES_CHANGED,))
    entry, first = (await journal.page(by, wanted, Window())).rows
    view = await toggles_of(by, made.id, made.address)
    assert view is not None
    assert (entry.member_id, entry.subject_id, entry.account_ids) == (by.member_id, view.id, (made.id,))
    assert set(entry.changes) == {Change("APPROVALS", "true", "false"), Change("PROPOSALS", "false", "true")}
    assert {change.field for change in first.changes} == {"MESSAGES", "PROPOSALS"}


async def test_many_are_set_all_or_none_and_each_fault_is_told_at_its_place(by: Viewer) -> None:
    one, two, archived = await an_account(by), await an_account(by), await an_account(by)
    await preferred(by, archived.id, archived.address, MESSAGES)
    await account.archive(by, archived.id, archived=True)
    nobody = await an_address(by)
    wishes = [
        PreferencesWish(one.id, one.address, preferences(MESSAGES)),
        PreferencesWish(two.id, nobody, preferences(MESSAGES)),
        PreferencesWish(two.id, two.address, preferences(MESSAGES, PROPOSALS) + preferences(MESSAGES, on=True)),
        PreferencesWish(archived.id, archived.address, preferences(MESSAGES, on=True)),
        PreferencesWish(two.id, two.address, preferences(MESSAGES), expected_version=99),
    ]
    codes = {
        1: (ErrorCode.NOT_FOUND, ""),
        2: (ErrorCode.INVALID, "preferences 2 category"),
        3: (ErrorCode.ACCOUNT_ARCHIVED, "preferences 0 on"),
        4: (ErrorCode.CHANGED_MEANWHILE, ""),
    }
    for index, (code, place) in codes.items():
        with refused(code, "toggles", 1, *place.split()):
            await set_preferences(by, [wishes[0], wishes[index]])
    assert await muted(by, one.id, one.address) == set()
    await set_preferences(by, [wishes[0], PreferencesWish(two.id, two.address, preferences(*EIGHT))])
    assert (await muted(by, one.id, one.address), await muted(by, two.id, two.address)) == ({MESSAGES}, EIGHT)


async def test_the_same_toggles_twice_none_and_too_many_are_refused(by: Viewer) -> None:
    made = await an_account(by)
    wish = PreferencesWish(made.id, made.address, preferences(MESSAGES))
    for wishes in ([wish, wish], [], [wish] * 101):
        with refused(ErrorCode.INVALID, "toggles"):
            await set_preferences(by, wishes)
    with refused(ErrorCode.INVALID, "toggles", 0, "preferences", 1, "category"):
        await preferred(by, made.id, made.address, *[MESSAGES] * 5_000)
    assert await muted(by, made.id, made.address) == set()


async def test_an_archived_account_keeps_them_and_lets_them_be_switched_off_only(by: Viewer) -> None:
    """R44"""
    made = await an_account(by, notify=True)
    await preferred(by, made.id, made.address, MESSAGES)
    await account.archive(by, made.id, archived=True)
    await preferred(by, made.id, made.address, PROPOSALS)
    with refused(ErrorCode.ACCOUNT_ARCHIVED, "toggles", 0, "preferences", 0, "on"):
        await preferred(by, made.id, made.address, MESSAGES, on=True)
    await account.archive(by, made.id, archived=False)
    assert await muted(by, made.id, made.address) == {MESSAGES, PROPOSALS}


async def test_of_an_unlinked_email_they_are_switched_off_only_and_hidden_toggles_are_not_there(by: Viewer) -> None:
    made = await an_account(by, login=True)
    await address.activate(by, made.address, at=clock.now())
    await preferred(by, made.id, made.address, MESSAGES)
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, None)])
    await preferred(by, made.id, made.address, PROPOSALS)
    with refused(ErrorCode.NOT_LINKED, "toggles", 0, "preferences", 0, "on"):
        await preferred(by, made.id, made.address, MESSAGES, on=True)
    await switched(by, made.id, made.address, login=False)
    with refused(ErrorCode.NOT_FOUND, "toggles", 0):
        await preferred(by, made.id, made.address, APPROVALS)
    assert await muted(by, made.id, made.address) == {MESSAGES, PROPOSALS}


async def test_only_who_may_manage_accounts_sets_them(by: Viewer) -> None:
    made = await an_account(by)
    colleague = await a_member(System(by.firm_id), role=TeamRole.EMPLOYEE)
    with refused(ErrorCode.NOT_ALLOWED):
        await preferred(colleague, made.id, made.address, MESSAGES)
    stranger = await a_member(await a_firm())
    with refused(ErrorCode.NOT_FOUND, "toggles", 0):
        await preferred(stranger, made.id, made.address, MESSAGES)
    assert await muted(by, made.id, made.address) == set()


async def test_who_holds_a_link_sets_one_category_and_no_other_and_needs_no_right(by: Viewer) -> None:
    """The link itself is looked at by whoever opens it."""
    made, holder = await an_account(by, login=True, notify=True), LetterLink(by.firm_id)
    off, on = NotificationPreference(MESSAGES, on=False), NotificationPreference(MESSAGES, on=True)
    await preferred(by, made.id, made.address, PROPOSALS)
    assert (await prefer(holder, made.id, made.address, off)).cursor is not None
    assert (await prefer(holder, made.id, made.address, off)).cursor is None, "said twice"
    entry = (await journal.page(by, JournalFilter(kinds=(JournalKind.PREFERENCES_CHANGED,)), Window())).rows[0]
    assert (entry.by, entry.member_id, entry.user_id) == (JournalSource.LETTER_LINK, None, None)
    assert entry.changes == (Change("MESSAGES", "true", "false"),)
    assert await muted(by, made.id, made.address) == {MESSAGES, PROPOSALS}
    assert await spelled(by, made.id, made.address) == "LN"
    await prefer(holder, made.id, made.address, on)
    assert await muted(by, made.id, made.address) == {PROPOSALS}
    await account.archive(by, made.id, archived=True)
    await prefer(holder, made.id, made.address, off)
    assert await muted(by, made.id, made.address) == {MESSAGES, PROPOSALS}
    await contact.unlink(by, made.id, made.contact)
    with refused(ErrorCode.NOT_FOUND):
        await prefer(holder, made.id, made.address, off)


async def test_one_to_a_hundred_cost_the_same_statements(by: Viewer) -> None:
    accounts = [await an_account(by) for _ in range(100)]
    counts = []
    for many, category in ((1, MESSAGES), (100, PROPOSALS)):
        wishes = [PreferencesWish(made.id, made.address, preferences(category)) for made in accounts[:many]]
        await set_preferences(by, [PreferencesWish(accounts[0].id, accounts[0].address, preferences(APPROVALS))])
        async with counting() as statements:
            await set_preferences(by, wishes)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 4, counts


@pytest.mark.parametrize("kept", ["ARRAY['GOSSIP']", "ARRAY['messages']", "ARRAY[NULL]::text[]", "NULL"])
async def test_the_database_keeps_nothing_but_categories(by: Viewer, kept: str) -> None:
    await an_account(by)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await store.execute(f"UPDATE toggles SET muted = {kept}")
    for category in NotificationCategory:
        await store.execute("UPDATE toggles SET muted = $1", [category.value])
