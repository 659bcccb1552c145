"""Invitations of addresses that change (R33, R43)."""

import pytest

from models import contact, invitation
from models.contact import ContactEmail, FieldRef
from models.errors import DeadLinkReason
from models.ground import store
from models.invitation import InvitationState
from models.viewer import Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import a_contact, an_account, an_address, invited, linked
from tests.support.firm.invitations import ends_of, last_of, queued, state_of

pytestmark = pytest.mark.usefixtures("store")
EMAIL = FieldRef(name="Email")
by = owner_of_a_new_firm


async def test_a_replaced_address_hands_its_invitation_over_and_back_it_revives_nothing(by: Viewer) -> None:
    """R33"""
    made, other = await an_account(by, name="Alfa", address="old@x.test"), await an_account(by, name="Beta")
    await linked(by, other.id, made.contact)
    for one in (made, other):
        await invited(by, one.id, made.address, message="Welcome")
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "new@x.test")])
    new = await an_address(by, "new@x.test")
    (new_one,) = await queued()
    assert (new_one.to_key, new_one.facts["accountNames"], new_one.facts["message"]) == (
        "new@x.test",
        ["Alfa", "Beta"],
        "Welcome",
    )
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "old@x.test")])
    assert await ends_of(made.address) == [DeadLinkReason.ADDRESS_CHANGED, None]
    assert await ends_of(new) == [DeadLinkReason.ADDRESS_CHANGED]
    assert [one.to_key for one in await queued()] == ["old@x.test"]


async def test_a_replaced_address_that_nobody_invited_mails_nobody(by: Viewer) -> None:
    """R33"""
    for revoked in (False, True):
        made = await an_account(by, login=True)
        if revoked:
            await invited(by, made.id, made.address)
            await invitation.revoke(by, (await last_of(made)).id)
        await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, f"new{revoked}@x.test")])
    assert await queued() == []


async def test_an_address_that_replaces_one_that_bounced_is_invited(by: Viewer) -> None:
    """R33: a mistyped address is mended, and nobody has to think of inviting once more."""
    made = await an_account(by, address="anna@typo.test")
    await invited(by, made.id, made.address)
    await store.execute("UPDATE invitation SET sent_at = now(), bounced_at = now()")
    assert await state_of(by, made) is InvitationState.BOUNCED
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "anna@right.test")])
    assert (await queued())[-1].to_key == "anna@right.test"


async def test_where_another_holds_the_old_address_both_are_invited(by: Viewer) -> None:
    """R43"""
    made = await an_account(by, address="old@x.test")
    await a_contact(by, "old@x.test", name="Luca", on=made.id)
    await invited(by, made.id, made.address)
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "new@x.test")])
    assert await ends_of(made.address) == [None]
    assert [one.to_key for one in await queued()] == ["old@x.test", "new@x.test"]


async def test_where_the_new_address_is_held_already_nobody_is_invited_there(by: Viewer) -> None:
    """R43"""
    made = await an_account(by, address="old@x.test")
    await a_contact(by, "new@x.test", name="Luca", on=made.id)
    await invited(by, made.id, made.address)
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "new@x.test")])
    assert await queued() == []
