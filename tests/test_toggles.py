"""The three switches of one address on one account (R1-R5, R11, R41, R46)."""

from uuid import UUID

import pytest

from models import account, address, contact, journal, toggles
from models.account import AccountFilter, LoginIndicator, LoginStatus
from models.contact import ContactEmail, ExistingContact, FieldRef
from models.errors import ErrorCode, Refusals
from models.ground import clock
from models.ground.page import Window
from models.toggles import LoginState, NewToggles, TogglesWish
from models.toggles.setting import set_toggles
from models.viewer import Actor, TeamRole, Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import (
    MadeAccount,
    a_contact,
    a_member,
    an_account,
    an_address,
    linked,
    spelled,
    switched,
    toggles_of,
)
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
by = owner_of_a_new_firm


async def _status(by: Viewer, account_id: UUID) -> LoginStatus:
    (view,) = (await account.by_ids(by, [account_id])).values()
    return view.login_status


async def test_one_contact_has_other_switches_on_each_account_and_address(by: Viewer) -> None:
    """R1"""
    home, company = await an_account(by), await an_account(by)
    person = await a_contact(by, "p@x.test", "work@x.test")
    p, work = await an_address(by, "p@x.test"), await an_address(by, "work@x.test")
    await linked(by, home.id, person)
    await linked(by, company.id, person)
    await switched(by, home.id, p, login=True, notify=True)
    await switched(by, home.id, work, email_sync=True)
    await switched(by, company.id, work, login=True)
    found = [await spelled(by, each.id, one) for each in (home, company) for one in (p, work)]
    assert found == ["LN", "E", "-", "L"]


async def test_two_contacts_who_share_an_address_on_an_account_share_its_switches(by: Viewer) -> None:
    made = await an_account(by, address="family@x.test", login=True)
    other = await a_contact(by, "Family@X.test", name="Luca", on=made.id)
    view = await toggles_of(by, made.id, made.address)
    assert view is not None
    assert set(view.contact_ids) == {made.contact, other}
    assert view.login
    assert len((await toggles.of_accounts(by, [made.id]))[made.id]) == 1


async def test_all_three_start_off(by: Viewer) -> None:
    """R4"""
    made = await an_account(by)
    assert await spelled(by, made.id, made.address) == "-"


async def test_email_sync_and_notify_work_without_login(by: Viewer) -> None:
    """R4"""
    made = await an_account(by)
    await switched(by, made.id, made.address, notify=True, email_sync=True)
    view = await toggles_of(by, made.id, made.address)
    assert view is not None
    assert (view.login_state, view.notify, view.email_sync) == (LoginState.OFF, True, True)
    assert await _status(by, made.id) is LoginStatus.OFFLINE


async def test_setting_what_is_set_changes_nothing_and_tells_nobody(by: Viewer) -> None:
    """R3"""
    made = await an_account(by, login=True)
    before, head = await toggles_of(by, made.id, made.address), await journal.head(by.firm_id)
    done = await set_toggles(by, [TogglesWish(made.id, made.address, login=True, notify=False)])
    assert done.cursor is None
    assert before is not None
    assert done.ids == (before.id,)
    assert await journal.head(by.firm_id) == head
    assert await toggles_of(by, made.id, made.address) == before


async def test_login_is_pending_until_the_address_is_activated_and_activation_is_for_good(by: Viewer) -> None:
    """R5"""
    made, elsewhere = await an_account(by, address="p@x.test", login=True), await an_account(by, address="p@x.test")
    assert await _state(by, made) is LoginState.PENDING
    await address.activate(by, made.address, at=clock.now())
    assert await _state(by, made) is LoginState.ACTIVE
    await switched(by, made.id, made.address, login=False)
    assert await _state(by, made) is LoginState.OFF
    await switched(by, elsewhere.id, made.address, login=True)
    assert await _state(by, elsewhere) is LoginState.ACTIVE


async def _state(by: Viewer, made: MadeAccount) -> LoginState:
    view = await toggles_of(by, made.id, made.address)
    assert view is not None
    return view.login_state


async def test_an_account_is_offline_pending_or_active_as_its_addresses_are(by: Viewer) -> None:
    """R11"""
    made = await an_account(by)
    second = await an_address(by, "second@x.test", activated=True)
    await a_contact(by, "second@x.test", on=made.id)
    assert await _status(by, made.id) is LoginStatus.OFFLINE
    await switched(by, made.id, made.address, login=True)
    assert await _status(by, made.id) is LoginStatus.PENDING
    await switched(by, made.id, second, login=True)
    assert await _status(by, made.id) is LoginStatus.ACTIVE
    await account.archive(by, made.id, archived=True)
    assert await _status(by, made.id) is LoginStatus.OFFLINE
    await account.archive(by, made.id, archived=False)
    assert await _status(by, made.id) is LoginStatus.ACTIVE


async def test_pending_and_active_accounts_are_green_and_offline_ones_beige(by: Viewer) -> None:
    """R11"""
    offline, pending = await an_account(by), await an_account(by, login=True)
    active = await an_account(by, login=True)
    await address.activate(by, active.address, at=clock.now())
    views = await account.by_ids(by, [offline.id, pending.id, active.id])
    assert [views[one.id].login_indicator for one in (offline, pending, active)] == [
        LoginIndicator.BEIGE,
        LoginIndicator.GREEN,
        LoginIndicator.GREEN,
    ]
    for status, one in ((LoginStatus.OFFLINE, offline), (LoginStatus.PENDING, pending), (LoginStatus.ACTIVE, active)):
        wanted = AccountFilter(login_statuses=(status,))
        assert await account.count(by, wanted) == 1
        page = await account.page(by, wanted, account.AccountOrder.NAME_ASC, Window())
        assert [row.id for row in page.rows] == [one.id]


async def _an_unlinked_email(by: Viewer) -> MadeAccount:
    """An activated address that its contact gave up, with Login still on (R34)."""
    made = await an_account(by, login=True, notify=True)
    await address.activate(by, made.address, at=clock.now())
    await contact.update(by, made.contact, emails=[ContactEmail(FieldRef(name="Email"), None)])
    return made


async def test_an_unlinked_email_counts_for_the_status_and_disappears_when_its_login_goes_off(by: Viewer) -> None:
    """R11, R35, R41"""
    made = await _an_unlinked_email(by)
    (view,) = (await toggles.of_accounts(by, [made.id]))[made.id]
    assert not view.held
    assert await spelled(by, made.id, made.address) == "L"
    assert await _status(by, made.id) is LoginStatus.ACTIVE
    await switched(by, made.id, made.address, login=False)
    assert (await toggles.of_accounts(by, [made.id])).get(made.id, []) == []
    assert await _status(by, made.id) is LoginStatus.OFFLINE


async def test_an_unlinked_email_can_be_switched_off_but_nothing_on(by: Viewer) -> None:
    made = await _an_unlinked_email(by)
    with refused(ErrorCode.NOT_LINKED, "toggles", 0, "notify"):
        await switched(by, made.id, made.address, notify=True)
    await switched(by, made.id, made.address, login=False)
    with refused(ErrorCode.NOT_FOUND, "toggles", 0):
        await switched(by, made.id, made.address, login=True)


async def test_on_an_archived_account_switches_go_off_but_not_on(by: Viewer) -> None:
    """R44"""
    made = await an_account(by, login=True)
    await account.archive(by, made.id, archived=True)
    with refused(ErrorCode.ACCOUNT_ARCHIVED, "toggles", 0, "notify"):
        await switched(by, made.id, made.address, notify=True)
    await switched(by, made.id, made.address, login=True)  # as it is already (R3)
    await switched(by, made.id, made.address, login=False)
    assert await spelled(by, made.id, made.address) == "-"


async def test_many_are_set_at_once_or_none(by: Viewer) -> None:
    first, second = await an_account(by), await an_account(by)
    await account.archive(by, second.id, archived=True)
    wishes = [TogglesWish(one.id, one.address, login=True, notify=True) for one in (first, second)]
    with pytest.raises(Refusals) as caught:
        await set_toggles(by, wishes)
    assert {each.path for each in caught.value.refusals} == {("toggles", "1", "login"), ("toggles", "1", "notify")}
    assert await spelled(by, first.id, first.address) == "-"
    await account.archive(by, second.id, archived=False)
    done = await set_toggles(by, wishes[::-1])
    views = [await toggles_of(by, one.id, one.address) for one in (second, first)]
    assert list(done.ids) == [view.id for view in views if view]
    assert [await spelled(by, one.id, one.address) for one in (first, second)] == ["LN", "LN"]


async def test_a_list_is_refused_that_is_empty_too_long_or_names_a_switch_twice(by: Viewer) -> None:
    made = await an_account(by)
    wish = TogglesWish(made.id, made.address, login=True)
    for wishes in ([], [wish, wish], [wish] * 101):
        with refused(ErrorCode.INVALID, "toggles"):
            await set_toggles(by, wishes)


async def test_a_version_that_is_not_the_present_one_is_refused(by: Viewer) -> None:
    made = await an_account(by)
    view = await toggles_of(by, made.id, made.address)
    assert view is not None
    await switched(by, made.id, made.address, login=True)
    with refused(ErrorCode.CHANGED_MEANWHILE, "toggles", 0):
        await set_toggles(by, [TogglesWish(made.id, made.address, notify=True, expected_version=view.version)])
    await set_toggles(by, [TogglesWish(made.id, made.address, notify=True, expected_version=view.version + 1)])


async def test_an_employee_needs_the_right_to_manage_accounts(by: Viewer) -> None:
    made = await an_account(by)
    for role, right in ((TeamRole.ADMIN, False), (TeamRole.EMPLOYEE, True)):
        await switched(await a_member(by, role=role, manage_accounts=right), made.id, made.address, login=True)
    with refused(ErrorCode.NOT_ALLOWED):
        await switched(await a_member(by, role=TeamRole.EMPLOYEE), made.id, made.address, login=False)


async def test_a_link_can_bring_its_switches_along(by: Viewer) -> None:
    """R2"""
    made, person = await an_account(by), await a_contact(by, "p@x.test", "work@x.test")
    p, work = await an_address(by, "p@x.test"), await an_address(by, "work@x.test")
    existing = ExistingContact(person, ((p, NewToggles(login=True, email_sync=True)),))
    await contact.link(by, made.id, existing)
    assert [await spelled(by, made.id, one) for one in (p, work)] == ["LE", "-"]


async def test_an_entry_tells_which_switches_changed_and_only_those(by: Actor) -> None:
    made = await an_account(by, login=True)
    head = await journal.head(by.firm_id)
    await switched(by, made.id, made.address, login=True, notify=True)
    (batch,) = await journal.since(by.firm_id, head)
    (entry,) = batch.entries
    assert [(change.field, change.before, change.after) for change in entry.changes] == [("notify", "false", "true")]
