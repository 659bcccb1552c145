"""Unlinked emails leave the list: given to a contact, or deleted (R35)."""

from typing import Any
from uuid import UUID

from models import firm
from models.contact import changing, linking, making
from models.contact.making import FieldRef
from models.email import history
from models.errors import ErrorCode, Refusal
from models.ground import store
from models.idempotency import Done
from models.toggles import Switch, Toggles, lock, switch
from models.viewer import Actor, must_manage_accounts


async def link_email(by: Actor, account_id: UUID, address_id: UUID, contact_id: UUID, field: FieldRef) -> Done:
    """
    Puts the address into an empty field of a contact of this account. Login stays as it is, Notify and Email sync
    start off. Answers the id of the account.

    Raises NOT_FOUND, NOT_LINKED, FIELD_TAKEN, INVALID, NOT_ALLOWED.
    """
    must_manage_accounts(by)
    async with store.transaction(by.firm_id) as tx:
        await firm.one_at_a_time(by.firm_id)
        await history.lock(by.firm_id)
        await linking.lock_account(by, account_id)
        contact = await changing.locked(by, contact_id, path="contactId")
        unlinked = await _unlinked(by, account_id, address_id)
        if not await store.row(_IS_LINKED, by.firm_id, account_id, contact_id):
            raise Refusal(ErrorCode.NOT_LINKED, "The contact is not linked to this account.", "contactId")
        await _give(by, contact, unlinked, field)
    return Done((account_id,), tx.cursor)


async def _give(by: Actor, contact: Any, unlinked: Toggles, field: FieldRef) -> None:
    field_id = await making.field_of(by, field, "field")
    before = await changing.held(by, contact["id"])
    if field_id in before:
        raise Refusal(ErrorCode.FIELD_TAKEN, f"The field holds {before[field_id][1]}. Choose an empty one.", "field")
    after = {**{held_in: address_id for held_in, (address_id, _) in before.items()}, field_id: unlinked.address_id}
    texts = {**dict(before.values()), unlinked.address_id: unlinked.address.text}
    await changing.save(by, contact, contact["name"], before, after, texts)


async def delete_email(by: Actor, account_id: UUID, address_id: UUID) -> Done:
    """
    Switches Login off, so that this person loses access to the account (R10). Answers the id of the account.

    Raises NOT_FOUND, NOT_ALLOWED.
    """
    must_manage_accounts(by)
    async with store.transaction(by.firm_id) as tx:
        await firm.one_at_a_time(by.firm_id)
        await linking.lock_account(by, account_id)
        unlinked = await _unlinked(by, account_id, address_id)
        await switch(by, [(unlinked, {Switch.LOGIN: False})])
    return Done((account_id,), tx.cursor)


async def _unlinked(by: Actor, account_id: UUID, address_id: UUID) -> Toggles:
    toggles = (await lock(by, [(account_id, address_id)])).get((account_id, address_id))
    if toggles is None or toggles.held or not toggles.login:
        raise Refusal(ErrorCode.NOT_FOUND, "This account has no such unlinked email.", "addressId")
    return toggles


_IS_LINKED = "SELECT 1 FROM account_contact WHERE firm_id = $1 AND account_id = $2 AND contact_id = $3"
