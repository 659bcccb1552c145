"""An unlinked email leaves the list: switched off, deleted, or given to a contact (R10, R35, R41)."""

import pytest

from models import account, contact, journal, session
from models.contact import FieldRef
from models.errors import ErrorCode
from models.session import SignedIn
from models.viewer import Client, TeamRole, Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.contact_edits import edit, shown
from tests.support.firm.factories import (
    MadeAccount,
    a_client,
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
WORK = FieldRef(name="Work email")
by = owner_of_a_new_firm


async def _unlinked(by: Viewer) -> tuple[MadeAccount, SignedIn[Client]]:
    """old@x.test of its contact, who has new@x.test now; and whoever is signed in with it."""
    made = await an_account(by, address="old@x.test", login=True, notify=True)
    client = await a_client(by, made)
    await edit(by, made.contact, email="new@x.test")
    assert await shown(by, made) == {"new@x.test": "N", "old@x.test": "L?"}
    assert await session.viewer_of(client.token), "that person goes on working"
    return made, client


async def test_given_to_a_contact_its_login_stays_and_the_others_start_off(by: Viewer) -> None:
    made, client = await _unlinked(by)
    luca, head = await a_contact(by, "luca@x.test", name="Luca", on=made.id), await journal.head(by.firm_id)
    done = await contact.link_email(by, made.id, made.address, luca, WORK)
    assert done.ids == (made.id,)
    assert await shown(by, made) == {"new@x.test": "N", "old@x.test": "L", "luca@x.test": "-"}
    view = await toggles_of(by, made.id, made.address)
    assert view is not None
    assert view.contact_ids == (luca,)
    assert await session.viewer_of(client.token)
    (batch,) = await journal.since(by.firm_id, head)
    (entry,) = batch.of("CONTACT_CHANGED")
    assert (batch.cursor, entry.account_ids) == (done.cursor, (made.id,))
    assert view.id in entry.touched


async def test_it_can_go_back_to_the_contact_that_it_came_from(by: Viewer) -> None:
    made, _ = await _unlinked(by)
    await contact.link_email(by, made.id, made.address, made.contact, WORK)
    assert await shown(by, made) == {"new@x.test": "N", "old@x.test": "L"}
    await contact.unlink(by, made.id, made.contact)
    assert await shown(by, made) == {}


async def test_on_the_contacts_other_accounts_it_starts_with_all_off(by: Viewer) -> None:
    made, _ = await _unlinked(by)
    other, luca = await an_account(by, address="other@x.test"), await a_contact(by, name="Luca", on=made.id)
    await linked(by, other.id, luca)
    await contact.link_email(by, made.id, made.address, luca, WORK)
    assert await shown(by, other) == {"old@x.test": "-", "other@x.test": "-"}


async def test_the_contact_must_be_of_this_account_and_its_field_empty(by: Viewer) -> None:
    made, _ = await _unlinked(by)
    stranger, head = await a_contact(by, "s@x.test"), await journal.head(by.firm_id)
    with refused(ErrorCode.NOT_LINKED, "contactId"):
        await contact.link_email(by, made.id, made.address, stranger, WORK)
    with refused(ErrorCode.FIELD_TAKEN, "field"):
        await contact.link_email(by, made.id, made.address, made.contact, FieldRef(name="Email"))
    new = await an_address(by, "new@x.test")
    for address_id in (new, await an_address(by, "s@x.test")):
        with refused(ErrorCode.NOT_FOUND, "addressId"):
            await contact.link_email(by, made.id, address_id, made.contact, WORK)
        with refused(ErrorCode.NOT_FOUND, "addressId"):
            await contact.delete_email(by, made.id, address_id)
    with refused(ErrorCode.NOT_FOUND, "field"):
        await contact.link_email(by, made.id, made.address, made.contact, FieldRef(id=made.id))
    colleague = await a_member(by, role=TeamRole.EMPLOYEE)
    for verb in (
        contact.link_email(colleague, made.id, made.address, made.contact, WORK),
        contact.delete_email(colleague, made.id, made.address),
    ):
        with refused(ErrorCode.NOT_ALLOWED):
            await verb
    assert await journal.head(by.firm_id) == head


@pytest.mark.parametrize("how", ["deleted", "switched off", "unlinked"])
async def test_it_leaves_the_list_and_that_person_the_account(by: Viewer, how: str) -> None:
    made, client = await _unlinked(by)
    if how == "deleted":
        assert (await contact.delete_email(by, made.id, made.address)).ids == (made.id,)
    elif how == "switched off":
        await switched(by, made.id, made.address, login=False)
    else:
        await contact.unlink(by, made.id, made.contact)
    assert "old@x.test" not in await shown(by, made)
    assert await spelled(by, made.id, made.address) == "-"
    assert await session.viewer_of(client.token) is None


async def test_a_deleted_contact_takes_its_unlinked_emails_with_it(by: Viewer) -> None:
    """R48"""
    made, client = await _unlinked(by)
    await contact.delete(by, made.contact)
    assert await shown(by, made) == {}
    assert await session.viewer_of(client.token) is None


async def test_of_an_archived_account_it_can_be_deleted_too(by: Viewer) -> None:
    """R44"""
    made, _ = await _unlinked(by)
    await account.archive(by, made.id, archived=True)
    await contact.delete_email(by, made.id, made.address)
    assert "old@x.test" not in await shown(by, made)
