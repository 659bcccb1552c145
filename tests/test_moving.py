"""When a contact's addresses change (R33, R34), and what happens when they collide (R43)."""

from dataclasses import replace
from uuid import UUID

import pytest

from models import address, contact, journal
from models.errors import ErrorCode
from models.ground import clock, store
from models.viewer import TeamRole, Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.contact_edits import edit, shown
from tests.support.firm.factories import (
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


async def _activate(by: Viewer, address_id: UUID) -> None:
    await address.activate(by, address_id, at=clock.now())


# R33: not activated


async def test_a_replaced_address_that_is_not_activated_takes_its_switches_along(by: Viewer) -> None:
    made = await an_account(by, address="old@x.test", login=True, notify=True, email_sync=True)
    touched = await edit(by, made.contact, email="new@x.test")
    assert await shown(by, made) == {"new@x.test": "LNE"}
    views = [await toggles_of(by, made.id, one) for one in (made.address, await an_address(by, "new@x.test"))]
    assert set(touched) == {view.id for view in views if view}


async def test_it_does_so_on_each_account_as_it_is_there(by: Viewer) -> None:
    first = await an_account(by, address="old@x.test", login=True)
    second = await an_account(by, notify=True)
    await linked(by, second.id, first.contact)
    await switched(by, second.id, first.address, email_sync=True)
    await edit(by, first.contact, email="new@x.test")
    assert await shown(by, first) == {"new@x.test": "L"}
    assert (await shown(by, second))["new@x.test"] == "E"
    assert "old@x.test" not in await shown(by, second)


async def test_a_removed_address_that_is_not_activated_has_all_off(by: Viewer) -> None:
    made = await an_account(by, login=True, notify=True, email_sync=True)
    await edit(by, made.contact, email=None)
    assert await shown(by, made) == {}
    assert await spelled(by, made.id, made.address) == "-"


async def test_an_address_that_moves_between_fields_keeps_its_switches(by: Viewer) -> None:
    made = await an_account(by, address="a@x.test", login=True, notify=True)
    before = await toggles_of(by, made.id, made.address)
    assert await edit(by, made.contact, email=None, work="a@x.test") == []
    assert await toggles_of(by, made.id, made.address) == before


async def test_two_addresses_that_swap_their_fields_keep_their_switches(by: Viewer) -> None:
    made, person = await an_account(by), await a_contact(by, "a@x.test", "b@x.test")
    await linked(by, made.id, person)
    await switched(by, made.id, await an_address(by, "a@x.test"), login=True)
    await edit(by, person, email="b@x.test", work="a@x.test")
    found = await shown(by, made)
    assert (found["a@x.test"], found["b@x.test"]) == ("L", "-")


async def test_the_same_address_in_other_letters_moves_nothing_and_is_shown_so(by: Viewer) -> None:
    made = await an_account(by, address="a@x.test", login=True)
    before, head = await toggles_of(by, made.id, made.address), await journal.head(by.firm_id)
    assert await edit(by, made.contact, email="A@X.test") == []
    assert await journal.head(by.firm_id) == head + 1
    after = await toggles_of(by, made.id, made.address)
    assert before
    assert after == replace(before, address=replace(before.address, address="A@x.test"))
    assert await edit(by, made.contact, email="A@X.test") == []
    assert await journal.head(by.firm_id) == head + 1


async def test_an_added_address_starts_with_all_off(by: Viewer) -> None:
    made = await an_account(by, address="a@x.test", login=True, notify=True)
    await edit(by, made.contact, work="b@x.test")
    assert await shown(by, made) == {"a@x.test": "LN", "b@x.test": "-"}


# R34: activated


async def test_a_replaced_address_with_login_that_is_activated_can_still_enter(by: Viewer) -> None:
    made = await an_account(by, address="old@x.test", login=True, notify=True, email_sync=True)
    await _activate(by, made.address)
    await edit(by, made.contact, email="new@x.test")
    assert await shown(by, made) == {"new@x.test": "NE", "old@x.test": "L?"}


async def test_a_removed_address_with_login_that_is_activated_can_still_enter(by: Viewer) -> None:
    made = await an_account(by, address="old@x.test", login=True, notify=True, email_sync=True)
    await _activate(by, made.address)
    await edit(by, made.contact, email=None)
    assert await shown(by, made) == {"old@x.test": "L?"}


async def test_an_activated_address_without_login_just_hands_its_switches_over(by: Viewer) -> None:
    made = await an_account(by, address="old@x.test", notify=True, email_sync=True)
    await _activate(by, made.address)
    await edit(by, made.contact, email="new@x.test")
    assert await shown(by, made) == {"new@x.test": "NE"}


async def test_a_new_address_that_is_activated_elsewhere_still_starts_without_login(by: Viewer) -> None:
    made = await an_account(by, address="old@x.test", login=True)
    await _activate(by, made.address)
    await an_address(by, "new@x.test", activated=True)
    await edit(by, made.contact, email="new@x.test")
    assert await shown(by, made) == {"new@x.test": "-", "old@x.test": "L?"}


async def test_an_unlinked_email_goes_when_its_former_contact_is_unlinked(by: Viewer) -> None:
    """R10"""
    made = await an_account(by, address="old@x.test", login=True)
    await _activate(by, made.address)
    await edit(by, made.contact, email="new@x.test")
    await contact.unlink(by, made.id, made.contact)
    assert await shown(by, made) == {}
    assert await spelled(by, made.id, made.address) == "-"


async def test_an_unlinked_email_stays_when_another_contact_is_unlinked(by: Viewer) -> None:
    made = await an_account(by, address="old@x.test", login=True)
    other = await a_contact(by, "other@x.test", on=made.id)
    await _activate(by, made.address)
    await edit(by, made.contact, email="new@x.test")
    await contact.unlink(by, made.id, other)
    assert await shown(by, made) == {"new@x.test": "-", "old@x.test": "L?"}


async def test_an_unlinked_email_that_its_contact_takes_back_keeps_its_login(by: Viewer) -> None:
    made = await an_account(by, address="old@x.test", login=True, notify=True)
    await _activate(by, made.address)
    await edit(by, made.contact, email="new@x.test")
    await edit(by, made.contact, email="old@x.test")
    assert await shown(by, made) == {"old@x.test": "LN"}


# R43: collisions


async def test_where_another_contact_still_holds_the_old_address_its_row_stays_and_is_copied(by: Viewer) -> None:
    made = await an_account(by, address="old@x.test", login=True, notify=True)
    await a_contact(by, "old@x.test", name="Luca", on=made.id)
    await edit(by, made.contact, email="new@x.test")
    assert await shown(by, made) == {"new@x.test": "LN", "old@x.test": "LN"}


async def test_where_another_holds_the_old_activated_address_only_notify_and_sync_are_copied(by: Viewer) -> None:
    made = await an_account(by, address="old@x.test", login=True, notify=True, email_sync=True)
    await a_contact(by, "old@x.test", name="Luca", on=made.id)
    await _activate(by, made.address)
    await edit(by, made.contact, email="new@x.test")
    assert await shown(by, made) == {"new@x.test": "NE", "old@x.test": "LNE"}


async def test_a_contact_of_another_account_does_not_hold_it_here(by: Viewer) -> None:
    made = await an_account(by, address="old@x.test", login=True)
    elsewhere = await an_account(by, address="old@x.test", notify=True)
    await edit(by, made.contact, email="new@x.test")
    assert await shown(by, made) == {"new@x.test": "L"}
    assert await shown(by, elsewhere) == {"old@x.test": "N"}


async def test_where_the_new_address_is_held_already_its_row_stays_and_nothing_moves_in(by: Viewer) -> None:
    made = await an_account(by, address="old@x.test", login=True, notify=True)
    await a_contact(by, "new@x.test", name="Luca", on=made.id)
    await switched(by, made.id, await an_address(by, "new@x.test"), email_sync=True)
    await edit(by, made.contact, email="new@x.test")
    assert await shown(by, made) == {"new@x.test": "E"}


async def test_where_the_new_address_is_an_unlinked_email_its_login_stays_and_the_others_move_in(by: Viewer) -> None:
    made = await an_account(by, address="one@x.test", login=True)
    await _activate(by, made.address)
    await edit(by, made.contact, email=None)  # one@ is an unlinked email now
    other = await a_contact(by, "two@x.test", name="Luca", on=made.id)
    await switched(by, made.id, await an_address(by, "two@x.test"), notify=True, email_sync=True)
    await edit(by, other, email="one@x.test")
    assert await shown(by, made) == {"one@x.test": "LNE"}


async def test_email_sync_does_not_move_to_an_address_of_the_firm_itself(by: Viewer) -> None:
    """R46"""
    await a_member(by, role=TeamRole.EMPLOYEE, email="giulia@firm.test")
    made = await an_account(by, address="old@x.test", login=True, notify=True, email_sync=True)
    await edit(by, made.contact, email="giulia@firm.test")
    assert await shown(by, made) == {"giulia@firm.test": "LN"}


async def test_an_edit_that_is_refused_moves_nothing(by: Viewer) -> None:
    made = await an_account(by, address="old@x.test", login=True)
    with refused(ErrorCode.ADDRESS_INVALID, "emails", 1, "address"):
        await edit(by, made.contact, email="new@x.test", work="no address")
    with refused(ErrorCode.ALREADY_TAKEN, "emails"):
        await edit(by, made.contact, work="Old@x.test")
    assert await shown(by, made) == {"old@x.test": "L"}


async def test_a_moved_address_is_found_and_the_old_one_is_not(by: Viewer) -> None:
    made = await an_account(by, address="old@before.test")
    await edit(by, made.contact, email="new@after.test")
    assert await contact.count(by, contact.ContactFilter("after")) == 1
    assert await contact.count(by, contact.ContactFilter("before")) == 0


async def test_an_edit_tells_what_it_touched_in_one_batch(by: Viewer) -> None:
    made = await an_account(by, address="old@x.test", login=True)
    head = await journal.head(by.firm_id)
    touched = await edit(by, made.contact, email="new@x.test")
    (batch,) = await journal.since(by.firm_id, head)
    (entry,) = batch.of("CONTACT_CHANGED")
    assert entry.account_ids == (made.id,)
    assert set(entry.touched) == set(touched)
    assert ("emails", "old@x.test", "new@x.test") in {(one.field, one.before, one.after) for one in entry.changes}
    assert await store.value("SELECT count(*) FROM toggles WHERE account_id = $1", made.id) == 2
