"""Writes new contacts, with their addresses in the firm's e-mail fields; a field that is only named is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from models import address, email_field, journal, text
from models.address import TypedAddress
from models.at_once import must_be_few
from models.errors import ErrorCode, Faults, Refusal
from models.ground import clock, store
from models.journal import JournalKind, Subject
from models.toggles import NewToggles
from models.toggles.setting import Start
from models.viewer import Actor

ALL_OFF_AT_FIRST = Start()
Starts = Sequence[tuple[UUID, Start]]
"""Addresses and their starting switches, in the order of the input."""


@dataclass(frozen=True, slots=True)
class FieldRef:
    """An e-mail field by id, or by name, which makes it where the firm has none of that name (R32)."""

    id: UUID | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class NewEmail:
    """`toggles`: on the account that the same call links the contact to."""

    field: FieldRef
    address: str
    toggles: NewToggles = ALL_OFF_AT_FIRST.toggles


@dataclass(frozen=True, slots=True)
class NewContact:
    name: str
    emails: tuple[NewEmail, ...] = ()


async def make(by: Actor, new: NewContact, *path: str | int) -> tuple[UUID, Starts]:
    """Answers its id, and the starting switches of each address."""
    name, field_ids, typed = await _checked(by, new, *path)
    ids = await address.ensure(by, typed)
    contact_id = uuid7()
    await write(by, [MadeContact(contact_id, name, tuple(email_address.text for email_address in typed))])
    address_ids = [ids[email_address.key] for email_address in typed]
    await hold(by, [(contact_id, *pair) for pair in zip(field_ids, address_ids, strict=True)])
    starts = [Start(email.toggles, (*path, "emails", index)) for index, email in enumerate(new.emails)]
    return contact_id, list(zip(address_ids, starts, strict=True))


async def _checked(by: Actor, new: NewContact, *path: str | int) -> tuple[str, list[UUID], list[TypedAddress]]:
    """Name, fields and addresses, cleaned; all faults are raised at once."""
    faults = Faults()
    name, field_ids, typed = "", list[UUID](), list[TypedAddress]()
    with faults:
        name = text.one_line(new.name, *path, "name")
    with faults:
        field_ids = await fields_of(by, [email.field for email in new.emails], *path)
    for index, email in enumerate(new.emails):
        with faults:
            typed.append(address.typed(email.address, *path, "emails", index, "address"))
    faults.must_be_none()
    must_be_apart(field_ids, [email_address.key for email_address in typed], *path)
    return name, field_ids, typed


async def fields_of(by: Actor, refs: Sequence[FieldRef], *path: str | int) -> list[UUID]:
    """Their ids. Raises NOT_FOUND for one that the firm does not have, INVALID for more than 100."""
    must_be_few(refs, "addresses", *path, "emails")
    faults = Faults()
    for index, ref in enumerate(refs):
        with faults:
            if ref.name is not None:
                email_field.checked_name(ref.name, *path, "emails", index, "field", "name")
    faults.must_be_none()
    named = await email_field.named(by, [ref.name for ref in refs if ref.name is not None])
    ids = [ref.id for ref in refs if ref.id is not None]
    query = "SELECT id FROM email_field WHERE firm_id = $1 AND id = ANY($2::uuid[])"
    known_ids = {field["id"] for field in await store.rows(query, by.firm_id, ids)} if ids else set()
    field_ids: list[UUID] = []
    for index, ref in enumerate(refs):
        field_id = named[ref.name] if ref.name is not None else ref.id
        with faults:
            if field_id is None or (ref.name is None and field_id not in known_ids):
                raise Refusal(ErrorCode.NOT_FOUND, "There is no such e-mail field.", *path, "emails", index, "field")
            field_ids.append(field_id)
    faults.must_be_none()
    return field_ids


async def field_of(by: Actor, ref: FieldRef, *path: str | int) -> UUID:
    """Raises NOT_FOUND, INVALID."""
    try:
        (field_id,) = await fields_of(by, [ref])
    except Refusal as refusal:
        raise Refusal(refusal.code, refusal.message, *path) from None
    return field_id


def must_be_apart(field_ids: Sequence[UUID], keys: Sequence[str], *path: str | int) -> None:
    """A contact holds at most one address per field, and the same address only once (R32)."""
    faults = Faults()
    for index in range(len(keys)):
        place = (*path, "emails", index)
        with faults:
            if field_ids[index] in field_ids[:index]:
                raise Refusal(ErrorCode.FIELD_TAKEN, "A field holds one address only. Use another field.", *place)
            if keys[index] in keys[:index]:
                raise Refusal(ErrorCode.ALREADY_TAKEN, "The contact has this address already.", *place)
    faults.must_be_none()


@dataclass(frozen=True, slots=True)
class MadeContact:
    """`name` is clean; `addresses` as they were typed."""

    id: UUID
    name: str
    addresses: tuple[str, ...]


async def write(by: Actor, contacts: Sequence[MadeContact]) -> None:
    """Any number in one statement; also records each in the journal. Inside a transaction."""
    if not contacts:
        return
    columns = map(list, zip(*map(_columns, contacts), strict=True))
    await store.execute(_WRITE, by.firm_id, clock.now(), *columns)
    for contact in contacts:
        addresses = (journal.Change("emails", None, email_address) for email_address in contact.addresses)
        changes = [journal.Change("name", None, contact.name), *addresses]
        journal.record(JournalKind.CONTACT_CREATED, by=by, subject=(Subject.CONTACT, contact.id), changes=changes)


def _columns(made: MadeContact) -> tuple[object, ...]:
    return made.id, made.name, text.sort_key(made.name), " ".join(text.words(made.name, *made.addresses))


_WRITE = """
INSERT INTO contact (id, firm_id, name, sort_key, words, created_at, version)
SELECT n.id, $1, n.name, n.sort_key, string_to_array(n.words, ' '), $2, 1
FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[]) AS n(id, name, sort_key, words)
"""


async def hold(by: Actor, held: Sequence[tuple[UUID, UUID, UUID]]) -> None:
    """Puts addresses into fields; `held`: contact, field, address."""
    columns = map(list, zip(*((uuid7(), *place) for place in held), strict=True)) if held else ([], [], [], [])
    await store.execute(_HOLD, by.firm_id, *columns)


_HOLD = """
INSERT INTO contact_email (id, firm_id, contact_id, field_id, address_id)
SELECT n.id, $1, n.contact_id, n.field_id, n.address_id
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[]) AS n(id, contact_id, field_id, address_id)
"""
