"""Contacts: made, linked, unlinked, changed, deleted."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from models import account, address, contact, email_field, journal, toggles
from models.contact import ContactEmail, ContactFilter, ContactOrder, ExistingContact, FieldRef, NewContact, NewEmail
from models.errors import ErrorCode
from models.ground import clock
from models.ground.page import Window
from models.toggles import NewToggles
from models.viewer import TeamRole, Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import (
    a_contact,
    a_member,
    an_account,
    an_address,
    counting,
    linked,
    spelled,
    switched,
    toggles_of,
)
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
EMAIL, WORK = FieldRef(name="Email"), FieldRef(name="Work email")
by = owner_of_a_new_firm


async def _texts(by: Viewer, contact_id: UUID) -> dict[str, str]:
    """Address by the name of the field."""
    emails = (await contact.emails_of(by, [contact_id])).get(contact_id, [])
    return {one.field.name: one.address.address for one in emails}


async def test_a_contact_has_one_address_in_each_field_and_new_fields_are_made_on_the_fly(by: Viewer) -> None:
    """R32"""
    emails = (NewEmail(EMAIL, "Marta@X.test"), NewEmail(FieldRef(name="Studio"), "studio@x.test"))
    (contact_id,) = (await contact.create(by, NewContact("Marta", emails))).ids
    assert await _texts(by, contact_id) == {"Email": "Marta@x.test", "Studio": "studio@x.test"}
    assert [field.name for field in await email_field.of_firm(by)] == ["Email", "Studio"]


async def test_a_field_twice_or_an_address_twice_is_refused_where_it_stands(by: Viewer) -> None:
    for emails, code in (
        ((NewEmail(EMAIL, "a@x.test"), NewEmail(FieldRef(name=" email "), "b@x.test")), ErrorCode.FIELD_TAKEN),
        ((NewEmail(EMAIL, "a@x.test"), NewEmail(WORK, "A@X.test")), ErrorCode.ALREADY_TAKEN),
        ((NewEmail(EMAIL, "a@x.test"), NewEmail(FieldRef(id=uuid7()), "b@x.test")), ErrorCode.NOT_FOUND),
        ((NewEmail(EMAIL, "a@x.test"), NewEmail(FieldRef(), "b@x.test")), ErrorCode.NOT_FOUND),
    ):
        with refused(code):
            await contact.create(by, NewContact("Marta", emails))
    assert await contact.count(by, ContactFilter()) == 0


async def test_a_contact_can_be_linked_at_once(by: Viewer) -> None:
    made = await an_account(by)
    new = NewContact("Luca", (NewEmail(EMAIL, "luca@x.test", NewToggles(notify=True)),))
    assert (await contact.create(by, new, account_id=made.id)).ids[1] == made.id
    assert await spelled(by, made.id, await an_address(by, "luca@x.test")) == "N"
    with refused(ErrorCode.NOT_FOUND, "accountId"):
        await contact.create(by, new, account_id=uuid7())


async def test_linking_twice_is_refused_also_at_once(by: Viewer) -> None:
    made, person = await an_account(by), await a_contact(by, "p@x.test")
    found = await asyncio.gather(*(linked(by, made.id, person) for _ in range(5)), return_exceptions=True)
    assert Counter(getattr(one, "code", one) for one in found) == {None: 1, ErrorCode.ALREADY_TAKEN: 4}


async def test_a_link_with_switches_names_addresses_that_the_contact_has(by: Viewer) -> None:
    made, person = await an_account(by), await a_contact(by, "p@x.test")
    with refused(ErrorCode.NOT_FOUND, "toggles", 0, "addressId"):
        existing = ExistingContact(person, ((made.address, NewToggles(login=True)),))
        await contact.link(by, made.id, existing)


async def test_nobody_is_linked_with_a_switch_on_to_an_archived_account(by: Viewer) -> None:
    """R44"""
    made, person = await an_account(by), await a_contact(by, "p@x.test")
    await account.archive(by, made.id, archived=True)
    existing = ExistingContact(person, ((await an_address(by, "p@x.test"), NewToggles(login=True)),))
    with refused(ErrorCode.ACCOUNT_ARCHIVED, "toggles", 0, "toggles", "login"):
        await contact.link(by, made.id, existing)
    await contact.link(by, made.id, ExistingContact(person))


async def test_a_link_may_ask_for_what_is_on_already_also_on_an_archived_account(by: Viewer) -> None:
    made = await an_account(by, address="shared@client.test", login=True)
    other = await a_contact(by, "shared@client.test")
    await account.archive(by, made.id, archived=True)
    await contact.link(by, made.id, ExistingContact(other, ((made.address, NewToggles(login=True)),)))


async def test_unlinking_switches_off_what_no_other_contact_there_holds(by: Viewer) -> None:
    """R10"""
    made = await an_account(by, address="family@x.test", login=True, notify=True)
    other = await a_contact(by, "family@x.test", "luca@x.test", on=made.id)
    luca = await an_address(by, "luca@x.test")
    await switched(by, made.id, luca, login=True)
    await contact.unlink(by, made.id, other)
    assert [await spelled(by, made.id, one) for one in (made.address, luca)] == ["LN", "-"]
    await contact.unlink(by, made.id, made.contact)
    assert await spelled(by, made.id, made.address) == "-"
    assert (await toggles.of_accounts(by, [made.id])).get(made.id, []) == []


async def test_unlinking_leaves_other_accounts_of_the_person_alone(by: Viewer) -> None:
    """R10"""
    here, there = await an_account(by, address="p@x.test", login=True), await an_account(by)
    await linked(by, there.id, here.contact)
    await switched(by, there.id, here.address, login=True)
    await contact.unlink(by, here.id, here.contact)
    assert [await spelled(by, one.id, here.address) for one in (here, there)] == ["-", "L"]


async def test_unlinking_tells_which_switches_went_off(by: Viewer) -> None:
    made = await an_account(by, login=True)
    view = await toggles_of(by, made.id, made.address)
    head = await journal.head(by.firm_id)
    await contact.unlink(by, made.id, made.contact)
    (batch,) = await journal.since(by.firm_id, head)
    (entry,) = batch.of("CONTACT_UNLINKED")
    assert view is not None
    assert (entry.account_ids, entry.touched) == ((made.id,), (view.id,))
    assert len(batch.of("TOGGLES_CHANGED")) == 1


async def test_who_is_not_linked_cannot_be_unlinked(by: Viewer) -> None:
    made, person = await an_account(by), await a_contact(by)
    with refused(ErrorCode.NOT_LINKED, "contactId"):
        await contact.unlink(by, made.id, person)
    for account_id, contact_id in ((uuid7(), person), (made.id, uuid7())):
        with refused(ErrorCode.NOT_FOUND):
            await contact.unlink(by, account_id, contact_id)


async def test_linked_again_all_start_off(by: Viewer) -> None:
    made = await an_account(by, login=True, notify=True)
    await contact.unlink(by, made.id, made.contact)
    await linked(by, made.id, made.contact)
    assert await spelled(by, made.id, made.address) == "-"


async def test_a_deleted_contact_is_unlinked_everywhere_and_gone(by: Viewer) -> None:
    """R48"""
    here, there = await an_account(by, login=True), await an_account(by)
    await linked(by, there.id, here.contact)
    await switched(by, there.id, here.address, login=True)
    await address.activate(by, here.address, at=clock.now())
    entries = await journal.head(by.firm_id)
    done = await contact.delete(by, here.contact)
    assert set(done.ids) == {here.id, there.id}
    assert [await spelled(by, one.id, here.address) for one in (here, there)] == ["-", "-"]
    assert await contact.by_ids(by, [here.contact]) == {}
    assert await journal.head(by.firm_id) > entries
    with refused(ErrorCode.NOT_FOUND):
        await contact.delete(by, here.contact)


async def test_deleting_leaves_no_unlinked_email_behind(by: Viewer) -> None:
    """R10, R48"""
    made = await an_account(by, login=True)
    await address.activate(by, made.address, at=clock.now())
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, None)])
    assert await spelled(by, made.id, made.address) == "L"
    await contact.delete(by, made.contact)
    assert await spelled(by, made.id, made.address) == "-"


async def test_a_renamed_contact_is_found_by_the_new_name_only(by: Viewer) -> None:
    person = await a_contact(by, "p@x.test", name="Before")
    await contact.update(by, person, name="After")
    assert [await contact.count(by, ContactFilter(word)) for word in ("before", "after", "p")] == [0, 1, 1]
    (view,) = (await contact.by_ids(by, [person])).values()
    assert (view.name, view.version) == ("After", 2)


async def test_an_update_that_changes_nothing_tells_nobody(by: Viewer) -> None:
    person = await a_contact(by, "p@x.test", name="Same")
    done = await contact.update(by, person, name="Same", emails=[ContactEmail(EMAIL, "p@X.test")])
    assert (done.ids, done.cursor) == ((person,), None)


async def test_a_version_that_is_not_the_present_one_is_refused(by: Viewer) -> None:
    person = await a_contact(by, name="Before")
    await contact.update(by, person, name="After", expected_version=1)
    with refused(ErrorCode.CHANGED_MEANWHILE):
        await contact.update(by, person, name="Never", expected_version=1)
    with refused(ErrorCode.CHANGED_MEANWHILE):
        await contact.delete(by, person, expected_version=1)


async def test_contacts_come_in_pages_by_name(by: Viewer) -> None:
    for name in ("Zoë", "ada", "Élise"):
        await a_contact(by, name=name)
    page = await contact.page(by, ContactFilter(), ContactOrder.NAME_ASC, Window(2))
    assert [row.name for row in page.rows] == ["ada", "Élise"]
    rest = await contact.page(by, ContactFilter(), ContactOrder.NAME_ASC, Window(2, after=page.keys[-1]))
    assert ([row.name for row in rest.rows], rest.has_next) == (["Zoë"], False)


async def test_the_contacts_of_accounts_come_with_their_switches_in_one_statement(by: Viewer) -> None:
    made = [await an_account(by) for _ in range(4)]
    second = await a_contact(by, "a@x.test", "b@x.test", name="Aaron", on=made[0].id)
    silent = await a_contact(by, name="Zeno", on=made[0].id)
    async with counting() as statements:
        found = await contact.linked_to(by, [one.id for one in made])
    assert len(statements) == 1
    assert [one.contact.id for one in found[made[0].id]] == [second, made[0].contact, silent]
    assert [len(one.emails) for one in found[made[0].id]] == [2, 1, 0]
    views = {email.toggles.id: email.toggles for one in found[made[0].id] for email in one.emails}
    assert views == await toggles.by_ids(by, list(views))
    addresses = {view.address.id: view.address for view in views.values()}
    assert addresses == await address.by_ids(by, list(addresses))
    fields = {email.field.id: email.field for one in found[made[0].id] for email in one.emails}
    assert fields == await email_field.by_ids(by, list(fields))


async def test_changing_contacts_needs_the_right(by: Viewer) -> None:
    made, employee = await an_account(by), await a_member(by, role=TeamRole.EMPLOYEE)
    for verb in (
        contact.create(employee, NewContact("X")),
        contact.update(employee, made.contact, name="X"),
        contact.link(employee, made.id, ExistingContact(made.contact)),
        contact.unlink(employee, made.id, made.contact),
        contact.delete(employee, made.contact),
    ):
        with refused(ErrorCode.NOT_ALLOWED):
            await verb
    assert await contact.count(employee, ContactFilter()) == 1
