"""Contacts as the team sees them: one statement a list, whatever its size."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from models import address
from models.address import EmailAddressView
from models.email_field import EmailFieldView
from models.ground import store
from models.ground.frozen import frozen
from models.ground.page import Order, Page, Window
from models.ground.page import page as read_page
from models.text import beginnings
from models.toggles import TogglesView
from models.toggles import listing as toggles
from models.viewer import Viewer


@frozen
class ContactView:
    id: UUID
    name: str
    version: int


@frozen
class ContactEmailView:
    field: EmailFieldView
    address: EmailAddressView


@frozen
class LinkedEmailView:
    """An address of a linked contact, with its toggles on the account."""

    field: EmailFieldView
    toggles: TogglesView


@frozen
class LinkedContactView:
    contact: ContactView
    emails: tuple[LinkedEmailView, ...]


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """`search`: beginnings of words, in any order. `suppressed`: with an address that nothing is sent to."""

    search: str | None = None
    suppressed: bool | None = None


class ContactOrder(Enum):
    NAME_ASC = Order("NAME_ASC", "c.sort_key")
    NAME_DESC = Order("NAME_DESC", "c.sort_key", descending=True)
    NEWEST_FIRST = Order("NEWEST_FIRST", "c.created_at", "timestamptz", descending=True)


async def page(by: Viewer, filter: ContactFilter, order: ContactOrder, window: Window) -> Page[ContactView]:
    where = _matching(by, filter)
    select = where.after("SELECT c.id, c.name, c.version, {sort} FROM contact c")
    return await read_page(select, where.args, order=order.value, window=window, read=_view)


async def count(by: Viewer, filter: ContactFilter) -> int:
    return await store.count(_matching(by, filter), "FROM contact c")


def _matching(by: Viewer, filter: ContactFilter) -> store.Where:
    where = store.Where("c.firm_id = ?", by.firm_id)
    for beginning in beginnings(filter.search or ""):
        where.add("array_to_tsvector(c.words) @@ ?::text::tsquery", beginning, afresh=True)
    if filter.suppressed is not None:
        where.say(_IS_SUPPRESSED if filter.suppressed else f"NOT {_IS_SUPPRESSED}")
    return where


_IS_SUPPRESSED = """EXISTS (
  SELECT 1 FROM contact_email h JOIN email_address e ON e.firm_id = h.firm_id AND e.id = h.address_id
  WHERE h.firm_id = c.firm_id AND h.contact_id = c.id AND e.suppressed_at IS NOT NULL)"""


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, ContactView]:
    query = "SELECT id, name, version FROM contact WHERE firm_id = $1 AND id = ANY($2::uuid[])"
    return {contact["id"]: _view(contact) for contact in await store.rows(query, by.firm_id, list(ids))}


async def emails_of(by: Viewer, contact_ids: Sequence[UUID]) -> dict[UUID, list[ContactEmailView]]:
    """In the order of the firm's fields."""
    grouped: dict[UUID, list[ContactEmailView]] = defaultdict(list)
    for email in await store.rows(_EMAILS_OF, by.firm_id, list(contact_ids)):
        field = EmailFieldView(email["field_id"], email["field_name"])
        grouped[email["contact_id"]].append(ContactEmailView(field, address.view(email)))
    return grouped


_EMAILS_OF = f"""
SELECT h.contact_id, h.field_id, f.name AS field_name, {address.COLUMNS}
FROM contact_email h JOIN email_field f ON f.firm_id = h.firm_id AND f.id = h.field_id
JOIN email_address e ON e.firm_id = {store.FIRM} AND e.id = h.address_id
LEFT JOIN portal_user p ON p.firm_id = {store.FIRM} AND p.address_id = h.address_id
WHERE h.firm_id = $1 AND h.contact_id = ANY($2::uuid[]) ORDER BY h.field_id
"""


async def linked_to(by: Viewer, account_ids: Sequence[UUID]) -> dict[UUID, list[LinkedContactView]]:
    """By account: its contacts by name, each with its addresses there and their toggles; all in one statement."""
    emails = await store.rows(_LINKED_TO, by.firm_id, list(account_ids))
    holders: dict[UUID, list[UUID]] = defaultdict(list)
    for email in emails:
        holders[email["id"]].append(email["contact_id"])
    grouped: dict[UUID, list[LinkedContactView]] = defaultdict(list)
    for (account_id, contact_id), of_contact in groupby(emails, key=itemgetter("linked_to", "contact_id")):
        held = list(of_contact)
        views = tuple([_linked_email(email, holders) for email in held if email["id"] is not None])
        contact = ContactView(contact_id, held[0]["name"], held[0]["contact_version"])
        grouped[account_id].append(LinkedContactView(contact, views))
    return grouped


def _linked_email(email: Any, holders: Mapping[UUID, list[UUID]]) -> LinkedEmailView:
    field = EmailFieldView(email["field_id"], email["field_name"])
    return LinkedEmailView(field, toggles.view(email, holders[email["id"]]))


# the fields come last: there PostgreSQL sees that many rows ask for the same few, and keeps them at hand
_LINKED_TO = f"""
SELECT l.account_id AS linked_to, l.contact_id, c.name, c.version AS contact_version,
  h.field_id, f.name AS field_name, {toggles.COLUMNS}
FROM account_contact l JOIN contact c ON c.firm_id = {store.FIRM} AND c.id = l.contact_id
LEFT JOIN (contact_email h JOIN toggles t ON t.firm_id = {store.FIRM} AND t.address_id = h.address_id)
  ON h.firm_id = {store.FIRM} AND h.contact_id = l.contact_id AND t.account_id = l.account_id
LEFT JOIN email_field f ON f.firm_id = l.firm_id AND f.id = h.field_id
LEFT JOIN email_address e ON e.firm_id = {store.FIRM} AND e.id = h.address_id
LEFT JOIN portal_user p ON p.firm_id = {store.FIRM} AND p.address_id = h.address_id
WHERE l.firm_id = $1 AND l.account_id = ANY($2::uuid[]) ORDER BY c.sort_key, c.id, l.account_id, h.field_id
"""


def _view(contact: Any) -> ContactView:
    return ContactView(contact["id"], contact["name"], contact["version"])
