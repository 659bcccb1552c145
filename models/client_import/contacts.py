"""Which contact a row is about (R40): by its addresses; where these are on several, its name decides."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.client_import.known import Known, KnownAccount, KnownContact, name_key
from models.client_import.options import Headings, RowEmail
from models.client_import.values import ClientRow, RowError
from models.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class Match:
    """`found` None: the contact is to be made. `adds`: the addresses that it gets, each in a free field."""

    found: KnownContact | None = None
    adds: tuple[RowEmail, ...] = ()
    errors: tuple[RowError, ...] = ()


Emails = Sequence[RowEmail]


def match(facts: Known, account: KnownAccount | None, row: ClientRow, emails: Emails, headings: Headings) -> Match:
    """`account` None: it is to be made."""
    candidates = _holders(facts, emails) or _without_address(facts, account, row)
    if len(candidates) > 1:
        named = [contact for contact in candidates if _is_named(contact, row.contact_name)]
        if len(named) != 1:
            return Match(errors=(_ambiguous(candidates, row, emails, headings),))
        candidates = named
    contact = candidates[0] if candidates else None
    added = list(_added(facts, contact, row, emails))
    adds = tuple(email for email in added if isinstance(email, RowEmail))
    return Match(contact, adds, tuple(error for error in added if isinstance(error, RowError)))


def _holders(facts: Known, emails: Emails) -> list[KnownContact]:
    ids = {contact_id for email in emails for contact_id in facts.holders.get(email.address.key, ())}
    return [facts.contacts[contact_id] for contact_id in sorted(ids)]


def _without_address(facts: Known, account: KnownAccount | None, row: ClientRow) -> list[KnownContact]:
    """
    The account's contacts of this name: all of them where the row has no address; else those without any, who get the
    row's. A namesake with another address is another person.
    """
    if account is None or not row.contact_name:
        return []
    linked = (facts.contacts[contact_id] for contact_id in sorted(facts.linked.get(account.id, ())))
    named = [contact for contact in linked if _is_named(contact, row.contact_name)]
    return [contact for contact in named if not contact.fields] if row.addresses else named


def _is_named(contact: KnownContact, name: str) -> bool:
    return name_key(contact.name) == name_key(name)


def _ambiguous(candidates: Sequence[KnownContact], row: ClientRow, emails: Emails, headings: Headings) -> RowError:
    names = ", ".join(contact.name for contact in candidates[:3]) + (" …" if len(candidates) > 3 else "")
    column = emails[0].column if emails else headings.contact_name
    if emails:
        message = f"These addresses are on several contacts: {names}. Give the name of the one that is meant."
    else:
        message = f"The account has several contacts of this name: {names}. Give an address of the one that is meant."
    return RowError(row.number, column, ErrorCode.AMBIGUOUS_CONTACT, message)


def _added(facts: Known, contact: KnownContact | None, row: ClientRow, emails: Emails) -> Iterator[RowEmail | RowError]:
    """The addresses that the contact lacks, each once: two columns may have the same one."""
    fields = dict(contact.fields) if contact else {}
    for email in emails:
        key = email.address.key
        if key in fields.values():
            continue
        if holders := facts.holders.get(key, set()) - ({contact.id} if contact else set()):
            whose = facts.contacts[min(holders)].name
            message = f"{email.address.text} is on another contact, {whose}. Take it out of this row, or out of there."
            yield RowError(row.number, email.column, ErrorCode.AMBIGUOUS_CONTACT, message)
        elif email.field_id in fields:
            message = f"The contact has {_shown(facts, fields[email.field_id])} in this field. Use another field."
            yield RowError(row.number, email.column, ErrorCode.FIELD_TAKEN, message)
        else:
            fields[email.field_id] = key
            yield email


def _shown(facts: Known, key: str) -> str:
    return facts.addresses[key].text if key in facts.addresses else key
