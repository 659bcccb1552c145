"""What an address takes of what clients are told, where a link begins and where its address moves (R13, R33, R43)."""

from uuid import UUID

import pytest

from models import account, address, contact, journal
from models.contact import ContactEmail, ExistingContact, FieldRef, NewContact, NewEmail
from models.errors import ErrorCode
from models.ground import clock
from models.ground.page import Window
from models.journal import Change, JournalFilter, JournalKind
from models.notification_category import NotificationCategory
from models.toggles import NewToggles
from models.viewer import Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import a_contact, an_account, an_address, linked, spelled, toggles_of
from tests.support.firm.preferences import APPROVALS, MESSAGES, PROPOSALS, muted, preferences, preferred, version_of
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
EMAIL = FieldRef(name="Email")
by = owner_of_a_new_firm


async def test_a_new_link_starts_with_what_is_named_off_and_all_others_on(by: Viewer) -> None:
    new = NewToggles(notify=True, preferences=preferences(MESSAGES))
    person = NewContact("Anna", (NewEmail(EMAIL, "anna@x.test", new), NewEmail(FieldRef(name="Work"), "w@x.test")))
    made = account.NewAccount("A", account.AccountKind.OTHER, None, (person,))
    account_id = (await account.create(by, made)).ids[0]
    assert await muted(by, account_id, await an_address(by, "anna@x.test")) == {MESSAGES}
    assert await muted(by, account_id, await an_address(by, "w@x.test")) == set()


async def _link(by: Viewer, account_id: UUID, contact_id: UUID, address_id: UUID, new: NewToggles) -> None:
    await contact.link(by, account_id, ExistingContact(contact_id, ((address_id, new),)))


async def test_an_address_that_is_linked_again_starts_anew(by: Viewer) -> None:
    made = await an_account(by)
    await preferred(by, made.id, made.address, MESSAGES, PROPOSALS)
    await contact.unlink(by, made.id, made.contact)
    before = await version_of(by, made)
    await _link(by, made.id, made.contact, made.address, NewToggles(preferences=preferences(PROPOSALS, APPROVALS)))
    assert await muted(by, made.id, made.address) == {PROPOSALS, APPROVALS}
    assert await version_of(by, made) == before + 1
    await contact.unlink(by, made.id, made.contact)
    await linked(by, made.id, made.contact)
    assert await muted(by, made.id, made.address) == set()
    await preferred(by, made.id, made.address, MESSAGES)
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, None)])
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, (await _text(by, made.address)))])
    assert await muted(by, made.id, made.address) == set()


async def _text(by: Viewer, address_id: UUID) -> str:
    return (await address.by_ids(by, [address_id]))[address_id].address


async def test_an_archived_account_takes_a_link_again_that_starts_anew(by: Viewer) -> None:
    made = await an_account(by)
    await preferred(by, made.id, made.address, MESSAGES)
    await contact.unlink(by, made.id, made.contact)
    await account.archive(by, made.id, archived=True)
    await _link(by, made.id, made.contact, made.address, NewToggles(preferences=preferences(MESSAGES, on=True)))
    assert await muted(by, made.id, made.address) == set()


async def test_a_second_contact_with_the_address_changes_only_what_is_named(by: Viewer) -> None:
    made = await an_account(by, address="family@x.test")
    await preferred(by, made.id, made.address, MESSAGES, PROPOSALS)
    second, third = await a_contact(by, "family@x.test"), await a_contact(by, "family@x.test")
    named = preferences(APPROVALS) + preferences(PROPOSALS, on=True)
    await _link(by, made.id, second, made.address, NewToggles(preferences=named))
    await linked(by, made.id, third)
    assert await muted(by, made.id, made.address) == {MESSAGES, APPROVALS}
    await account.archive(by, made.id, archived=True)
    fourth = await a_contact(by, "family@x.test")
    with refused(ErrorCode.ACCOUNT_ARCHIVED, "toggles", 0, "toggles", "notificationPreferences", 0, "on"):
        await _link(by, made.id, fourth, made.address, NewToggles(preferences=preferences(MESSAGES, on=True)))


async def test_a_category_named_twice_is_refused_where_a_link_starts_too(by: Viewer) -> None:
    made, person = await an_account(by), await a_contact(by, "p@x.test")
    p, twice = await an_address(by, "p@x.test"), preferences(MESSAGES, PROPOSALS, MESSAGES)
    with refused(ErrorCode.INVALID, "toggles", 0, "toggles", "notificationPreferences", 2, "category"):
        await _link(by, made.id, person, p, NewToggles(preferences=twice))


@pytest.mark.parametrize(("activated", "login"), [(False, True), (True, True), (True, False), (False, False)])
async def test_they_move_with_a_replaced_address(by: Viewer, activated: bool, login: bool) -> None:
    """R33, R34"""
    made = await an_account(by, login=login, notify=True)
    if activated:
        await address.activate(by, made.address, at=clock.now())
    await preferred(by, made.id, made.address, MESSAGES)
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "new@x.test")])
    new = await an_address(by, "new@x.test")
    assert await muted(by, made.id, new) == {MESSAGES}
    assert "N" in await spelled(by, made.id, new)


async def test_of_an_address_that_comes_back_what_moves_in_counts_and_not_what_it_had(by: Viewer) -> None:
    made = await an_account(by, address="old@x.test")
    await preferred(by, made.id, made.address, MESSAGES)
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "new@x.test")])
    new = await an_address(by, "new@x.test")
    await preferred(by, made.id, new, MESSAGES, on=True)
    await preferred(by, made.id, new, APPROVALS)
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "old@x.test")])
    assert await muted(by, made.id, made.address) == {APPROVALS}


async def test_where_another_contact_holds_the_old_address_the_new_one_gets_a_copy(by: Viewer) -> None:
    """R43"""
    made = await an_account(by, address="family@x.test", notify=True)
    await a_contact(by, "family@x.test", on=made.id)
    await preferred(by, made.id, made.address, MESSAGES)
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "new@x.test")])
    new = await an_address(by, "new@x.test")
    assert (await muted(by, made.id, made.address), await muted(by, made.id, new)) == ({MESSAGES}, {MESSAGES})
    await preferred(by, made.id, new, PROPOSALS)
    assert await muted(by, made.id, made.address) == {MESSAGES}


async def test_where_another_contact_holds_the_new_address_its_own_stay(by: Viewer) -> None:
    """R43"""
    made = await an_account(by)
    await a_contact(by, "new@x.test", on=made.id)
    new = await an_address(by, "new@x.test")
    await preferred(by, made.id, new, APPROVALS)
    await preferred(by, made.id, made.address, MESSAGES)
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "new@x.test")])
    assert await muted(by, made.id, new) == {APPROVALS}


async def test_an_unlinked_email_gets_what_moves_in_or_starts_anew(by: Viewer) -> None:
    """R35, R43"""
    for given_by_hand in (False, True):
        made = await an_account(by, login=True)
        gone = await _text(by, made.address)
        await address.activate(by, made.address, at=clock.now())
        await preferred(by, made.id, made.address, MESSAGES)
        await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, None)])
        assert await spelled(by, made.id, made.address) == "L"
        if given_by_hand:
            await contact.link_email(by, made.id, made.address, made.contact, EMAIL)
            expected = set[NotificationCategory]()
        else:
            other = await a_contact(by, f"other-{gone}", on=made.id)
            await preferred(by, made.id, await an_address(by, f"other-{gone}"), APPROVALS)
            await contact.update(by, other, emails=[ContactEmail(EMAIL, gone)])
            expected = {APPROVALS}
        assert await muted(by, made.id, made.address) == expected
        assert await spelled(by, made.id, made.address) == "L"


async def test_a_move_is_told_as_switches_and_as_preferences(by: Viewer) -> None:
    made = await an_account(by, notify=True)
    await preferred(by, made.id, made.address, MESSAGES)
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "new@x.test")])
    view = await toggles_of(by, made.id, await an_address(by, "new@x.test"))
    assert view is not None
    entries = (await journal.page(by, JournalFilter(subject_id=view.id), Window())).rows
    assert {entry.kind: entry.changes for entry in entries} == {
        JournalKind.PREFERENCES_CHANGED: (Change("MESSAGES", "true", "false"),),
        JournalKind.TOGGLES_CHANGED: (Change("notify", "false", "true"),),
    }
    assert view.version == 2, "one step, whatever it brought"
