"""Notices as the team sees them: one statement a list, whatever its size."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from models import address
from models.address import EmailAddressView
from models.client_event import ClientEvent
from models.contact import ContactView
from models.ground import store
from models.ground.frozen import frozen
from models.ground.page import Order, Page, Window, count_of_each, page_of_each
from models.letter import LetterState
from models.notice.notice import NotifyOutcome
from models.viewer import System, Viewer

NEWEST_FIRST = Order("NEWEST_FIRST", "n.raised_at", "timestamptz", descending=True)
Reader = Viewer | System


@frozen
class NoticeView:
    id: UUID
    event: ClientEvent
    subject: str
    raised_at: datetime


@frozen
class RecipientView:
    """`contacts`: those who held the address then, by name, but for deleted ones; one where there is none."""

    address: EmailAddressView | None
    contacts: tuple[ContactView, ...]
    outcome: NotifyOutcome


@frozen
class NoticeLetterView:
    """`reason`: in plain words, of a letter that will not arrive any more."""

    address: EmailAddressView
    state: LetterState
    settled_at: datetime | None
    reason: str | None


async def of_accounts(by: Viewer, account_ids: Sequence[UUID], window: Window) -> dict[UUID, Page[NoticeView]]:
    """A page for each account, the newest first."""
    select = f"SELECT {_COLUMNS}, {{sort}} FROM notice n WHERE n.firm_id = $1 AND n.account_id = {{parent}}"
    return await page_of_each(account_ids, select, [by.firm_id], order=NEWEST_FIRST, window=window, read=_view)


async def counts_of_accounts(by: Viewer, account_ids: Sequence[UUID]) -> dict[UUID, int]:
    return await count_of_each(by.firm_id, account_ids, "notice", "account_id")


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, NoticeView]:
    query = f"SELECT {_COLUMNS} FROM notice n WHERE n.firm_id = $1 AND n.id = ANY($2::uuid[])"
    return {notice["id"]: _view(notice) for notice in await store.rows(query, by.firm_id, list(ids))}


_COLUMNS = "n.id, n.event, n.subject, n.raised_at"


def _view(notice: Any) -> NoticeView:
    return NoticeView(notice["id"], ClientEvent[notice["event"]], notice["subject"], notice["raised_at"])


async def recipients_of(by: Reader, notice_ids: Sequence[UUID]) -> dict[UUID, list[RecipientView]]:
    """By notice, in the order in which they were answered."""
    grouped: dict[UUID, list[RecipientView]] = defaultdict(list)
    for record in await store.rows(_RECIPIENTS, by.firm_id, list(notice_ids)):
        grouped[record["notice_id"]].append(recipient(record, NotifyOutcome(record["outcome"])))
    return grouped


def recipient(record: Any, outcome: NotifyOutcome) -> RecipientView:
    """From a record with the columns of an address (NULL: none) and of `contacts`."""
    its_address = None if record["address_id"] is None else address.view(record)
    columns = record["contact_ids"], record["contact_names"], record["contact_versions"]
    return RecipientView(its_address, tuple(ContactView(*of) for of in zip(*columns, strict=True)), outcome)


def contacts(order: str) -> str:
    """SQL: ids, names and versions of one recipient's contacts `c`, in this order."""
    names = ("id", "name", "version")
    return ", ".join(f"coalesce(array_agg(c.{name} ORDER BY {order}), '{{}}') AS contact_{name}s" for name in names)


_RECIPIENTS = f"""
SELECT r.notice_id, r.outcome, {address.COLUMNS}, h.contact_ids, h.contact_names, h.contact_versions
FROM notice_recipient r LEFT JOIN email_address e ON e.firm_id = {store.FIRM} AND e.id = r.address_id
LEFT JOIN portal_user p ON p.firm_id = {store.FIRM} AND p.address_id = e.id
CROSS JOIN LATERAL (
  SELECT {contacts("k.place")} FROM unnest(r.contact_ids) WITH ORDINALITY AS k(id, place)
  JOIN contact c ON c.firm_id = {store.FIRM} AND c.id = k.id) h
WHERE r.firm_id = $1 AND r.notice_id = ANY($2::uuid[]) ORDER BY r.notice_id, r.place
"""


async def letters_of(by: Viewer, notice_ids: Sequence[UUID]) -> dict[UUID, list[NoticeLetterView]]:
    """By notice, in the order of the recipients. One letter may tell of several notices."""
    grouped: dict[UUID, list[NoticeLetterView]] = defaultdict(list)
    for letter in await store.rows(_LETTERS, by.firm_id, list(notice_ids)):
        state = LetterState(letter["state"])
        view = NoticeLetterView(address.view(letter), state, letter["settled_at"], _reason(state, letter["error"]))
        grouped[letter["notice_id"]].append(view)
    return grouped


_LETTERS = f"""
SELECT r.notice_id, l.state, l.settled_at, l.error, {address.COLUMNS}
FROM notice_recipient r JOIN letter l ON l.firm_id = {store.FIRM} AND l.id = r.letter_id
JOIN email_address e ON e.firm_id = {store.FIRM} AND e.id = r.address_id
LEFT JOIN portal_user p ON p.firm_id = {store.FIRM} AND p.address_id = e.id
WHERE r.firm_id = $1 AND r.notice_id = ANY($2::uuid[]) ORDER BY r.notice_id, r.place
"""
_OTHERWISE = {
    LetterState.CANCELLED: "It was cancelled before it left.",
    LetterState.REFUSED: "The mail server refused it.",
    LetterState.BOUNCED: "It came back.",
}


def _reason(state: LetterState, error: str | None) -> str | None:
    """The last error counts only where the letter has failed for good."""
    return error or _OTHERWISE[state] if state in _OTHERWISE else None
