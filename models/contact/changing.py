"""Creating, changing and deleting contacts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from models import address, firm, idempotency, journal, text
from models.address import TypedAddress
from models.contact import linking, making, moving
from models.contact.contact import find_by
from models.contact.making import FieldRef, NewContact
from models.email import history
from models.errors import Conflict, ErrorCode, Faults, Refusal
from models.ground import store
from models.ground.unset import UNSET, Unset
from models.idempotency import Done
from models.invitation import invite
from models.journal import Change, JournalKind, Subject
from models.viewer import Actor, must_manage_accounts


@dataclass(frozen=True, slots=True)
class ContactEmail:
    """A field and its new address; None empties the field."""

    field: FieldRef
    address: str | None


async def create(by: Actor, new: NewContact, *, account_id: UUID | None = None, key: str | None = None) -> Done:
    """
    Answers the contact's id, then the account's where it was linked at once.

    Raises INVALID, ADDRESS_INVALID, FIELD_TAKEN, ALREADY_TAKEN, NOT_FOUND, OWN_ADDRESS, ACCOUNT_ARCHIVED, NOT_ALLOWED,
    INVITE_NEEDS_LOGIN, ADDRESS_SUPPRESSED, RATE_LIMITED.
    """
    must_manage_accounts(by)
    do = partial(_create, by, new, account_id)
    return await idempotency.once(by, key, verb="create contact", wish={"contact": new, "accountId": account_id}, do=do)


async def _create(by: Actor, new: NewContact, account_id: UUID | None) -> tuple[UUID, ...]:
    if account_id is None:
        contact_id, _ = await making.make(by, new)
        return (contact_id,)
    await firm.one_at_a_time(by.firm_id)
    await history.lock(by.firm_id)
    await linking.lock_account(by, account_id)
    contact_id, starts = await making.make(by, new)
    await invite(by, await linking.connect(by, account_id, contact_id, starts))
    return (contact_id, account_id)


async def update(
    by: Actor,
    contact_id: UUID,
    *,
    name: str | Unset = UNSET,
    emails: Sequence[ContactEmail] = (),
    expected_version: int | None = None,
    key: str | None = None,
) -> Done:
    """
    Fields that are not named stay as they are. Switches move from a replaced address to the new one, and whoever was
    invited at the old one is invited at the new one; those of a removed address go off (R33, R34).

    Answers the contact's id, then the ids of all toggles that this touched, on any account. Raises NOT_FOUND,
    CHANGED_MEANWHILE, INVALID, ADDRESS_INVALID, FIELD_TAKEN, ALREADY_TAKEN, RATE_LIMITED, NOT_ALLOWED.
    """
    must_manage_accounts(by)
    wish = {"id": contact_id, "name": name, "emails": emails, "expectedVersion": expected_version}
    do = partial(_update, by, contact_id, name, emails, expected_version)
    return await idempotency.once(by, key, verb="update contact", wish=wish, do=do)


async def _update(
    by: Actor, contact_id: UUID, name: str | Unset, emails: Sequence[ContactEmail], expected_version: int | None
) -> tuple[UUID, ...]:
    await firm.one_at_a_time(by.firm_id)
    await history.lock(by.firm_id)
    contact = await locked(by, contact_id, expected_version)
    before = await held(by, contact_id)
    faults = Faults()
    new_name, after, texts = contact["name"], dict[UUID, UUID](), dict[UUID, str]()
    with faults:
        new_name = new_name if name is UNSET else text.one_line(name, "name")
    with faults:
        after, texts = await _edited(by, before, emails)
    faults.must_be_none()
    return (contact_id, *await save(by, contact, new_name, before, after, texts))


async def save(
    by: Actor,
    contact: Any,
    new_name: str,
    before: Mapping[UUID, tuple[UUID, str]],
    after: Mapping[UUID, UUID],
    texts: Mapping[UUID, str],
) -> list[UUID]:
    """
    Writes name and addresses (by field) of a locked contact, and moves the switches. Answers the toggles it touched.

    Runs inside a transaction, under `firm.one_at_a_time` and `history.lock`.
    """
    contact_id = contact["id"]
    changes = journal.changes_between({"name": contact["name"]}, {"name": new_name})
    changes += _address_changes(before, after, texts)
    if not changes and before.keys() == after.keys():
        return []
    touched = await moving.replace(by, contact_id, {f: a for f, (a, _) in before.items()}, after)
    query = "UPDATE contact SET name = $3, sort_key = $4, version = version + 1 WHERE firm_id = $1 AND id = $2"
    await store.execute(query, by.firm_id, contact_id, new_name, text.sort_key(new_name))
    await find_by(by.firm_id, contact_id, new_name, [texts[address_id] for address_id in after.values()])
    journal.record(
        JournalKind.CONTACT_CHANGED,
        by=by,
        subject=(Subject.CONTACT, contact_id),
        accounts=await _accounts(by, contact_id),
        touched=touched,
        changes=changes,
    )
    return touched


async def held(by: Actor, contact_id: UUID) -> dict[UUID, tuple[UUID, str]]:
    """By field: the id of the address, and its text."""
    query = """SELECT h.field_id, h.address_id, e.address FROM contact_email h
      JOIN email_address e ON e.firm_id = h.firm_id AND e.id = h.address_id
      WHERE h.firm_id = $1 AND h.contact_id = $2 ORDER BY h.field_id"""
    fields = await store.rows(query, by.firm_id, contact_id)
    return {field["field_id"]: (field["address_id"], field["address"]) for field in fields}


async def _edited(
    by: Actor, before: Mapping[UUID, tuple[UUID, str]], emails: Sequence[ContactEmail]
) -> tuple[dict[UUID, UUID], dict[UUID, str]]:
    """By field the address after the edit; and the texts of all addresses, before and after."""
    field_ids = await making.fields_of(by, [email.field for email in emails])
    if len(set(field_ids)) != len(field_ids):
        raise Refusal(ErrorCode.INVALID, "A field stands twice in the list.", "emails")
    faults = Faults()
    typed = dict[UUID, TypedAddress]()
    for index, (field_id, email) in enumerate(zip(field_ids, emails, strict=True)):
        with faults:
            if email.address is not None:
                typed[field_id] = address.typed(email.address, "emails", index, "address")
    faults.must_be_none()
    ids = await address.ensure(by, typed.values())
    after = {field_id: address_id for field_id, (address_id, _) in before.items() if field_id not in field_ids}
    after |= {field_id: ids[email_address.key] for field_id, email_address in typed.items()}
    if len(set(after.values())) != len(after):
        raise Refusal(ErrorCode.ALREADY_TAKEN, "The contact has this address in another field already.", "emails")
    texts = dict(before.values()) | {ids[email_address.key]: email_address.text for email_address in typed.values()}
    return after, texts


def _address_changes(
    before: Mapping[UUID, tuple[UUID, str]], after: Mapping[UUID, UUID], texts: Mapping[UUID, str]
) -> list[Change]:
    changes = []
    for field_id in sorted({*before, *after}):
        old_id, old = before.get(field_id, (None, None))
        new_id = after.get(field_id)
        if old_id != new_id:  # another spelling of the same address is recorded by the address itself
            changes.append(Change("emails", old, texts[new_id] if new_id else None))
    return changes


async def delete(by: Actor, contact_id: UUID, *, expected_version: int | None = None) -> Done:
    """
    Unlinks it everywhere, then removes it; mail and journal stay (R48). Answers the ids of its accounts.

    Raises NOT_FOUND, CHANGED_MEANWHILE, NOT_ALLOWED.
    """
    must_manage_accounts(by)
    async with store.transaction(by.firm_id) as tx:
        await firm.one_at_a_time(by.firm_id)
        contact = await locked(by, contact_id, expected_version)
        accounts = await _accounts(by, contact_id)
        await linking.part(by, accounts, contact_id)
        for table in ("contact_email", "contact"):
            column = "id" if table == "contact" else "contact_id"
            await store.execute(f"DELETE FROM {table} WHERE firm_id = $1 AND {column} = $2", by.firm_id, contact_id)
        subject = (Subject.CONTACT, contact_id)
        changes = [Change("name", contact["name"], None)]
        journal.record(JournalKind.CONTACT_CHANGED, by=by, subject=subject, accounts=accounts, changes=changes)
    return Done(tuple(accounts), tx.cursor)


async def _accounts(by: Actor, contact_id: UUID) -> list[UUID]:
    query = "SELECT account_id FROM account_contact WHERE firm_id = $1 AND contact_id = $2 ORDER BY account_id"
    return [link["account_id"] for link in await store.rows(query, by.firm_id, contact_id)]


async def locked(by: Actor, contact_id: UUID, expected_version: int | None = None, *, path: str = "id") -> Any:
    """The contact, locked. Raises NOT_FOUND, CHANGED_MEANWHILE."""
    contact = await store.row("SELECT * FROM contact WHERE firm_id = $1 AND id = $2 FOR UPDATE", by.firm_id, contact_id)
    if contact is None:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such contact.", path)
    if expected_version is not None and expected_version != contact["version"]:
        raise Conflict("Somebody changed this contact since you looked.", subject=(Subject.CONTACT, contact_id))
    return contact
