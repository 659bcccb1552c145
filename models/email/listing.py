"""E-mail as the team sees it: one statement a list, bodies only where they are asked for."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models.document import NotSavedReason
from models.email import searching
from models.email.email import EmailDirection
from models.email.searching import OF_ACCOUNT, OF_FIRM, EmailList
from models.errors import TooMuch
from models.ground import store
from models.ground.page import Page, Window, count_of_each, page_of_each
from models.ground.page import page as read_page
from models.letter.letter import LetterState
from models.participant import Participant, Role
from models.text import beginnings
from models.viewer import System, Viewer

MOST_BODIES = 20_000_000  # bytes of text and HTML that are in memory for one answer; the largest e-mail has 8 million
Reader = Viewer | System
"""The team; or the system, for a client who may see these rows (models/portal)."""


@dataclass(frozen=True, slots=True)
class EmailView:
    """Without its body, which is read apart. `letter_state` None: it was not sent from here."""

    id: UUID
    subject: str
    sender: Participant
    sent_at: datetime
    received_at: datetime
    direction: EmailDirection
    snippet: str
    blocked_images: int
    thread_id: UUID
    mailbox_id: UUID | None
    certified_by: str | None
    letter_state: LetterState | None


@dataclass(frozen=True, slots=True)
class EmailBody:
    text: str
    safe_html: str | None


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """`size` in bytes. `not_saved`: why it is in no account's Documents, None where it is (R20)."""

    id: UUID
    email_id: UUID
    name: str
    content_type: str
    content_id: str | None
    size: int
    not_saved: NotSavedReason | None


@dataclass(frozen=True, slots=True)
class EmailFilter:
    """`search`: words in any order. `address_id`: an address that sent or got it."""

    search: str | None = None
    account_id: UUID | None = None
    address_id: UUID | None = None
    thread_id: UUID | None = None


async def page(by: Viewer, filter: EmailFilter, window: Window) -> Page[EmailView]:
    """Newest first."""
    among, where = _among(filter), _matching(by, filter)
    if (typed := beginnings(filter.search or "")) and not (filter.address_id or filter.thread_id):
        among, where = OF_FIRM, searching.newest(by.firm_id, filter.account_id, typed, window)
    select = where.after(f"SELECT {_COLUMNS}, {{sort}} FROM {among.source}")
    return await read_page(select, where.args, order=among.order, window=window, read=_view)


async def count(by: Viewer, filter: EmailFilter) -> int:
    if (typed := beginnings(filter.search or "")) and not (filter.address_id or filter.thread_id):
        return await searching.count(by.firm_id, filter.account_id, typed)
    return await store.count(_matching(by, filter), f"FROM {_among(filter).source}")


async def of_accounts(by: Viewer, account_ids: Sequence[UUID], window: Window) -> dict[UUID, Page[EmailView]]:
    """A page for each account, in one statement."""
    select = f"SELECT {_COLUMNS}, {{sort}} FROM {OF_ACCOUNT.source} WHERE l.firm_id = $1 AND l.account_id = {{parent}}"
    return await page_of_each(account_ids, select, [by.firm_id], order=OF_ACCOUNT.order, window=window, read=_view)


async def counts_of_accounts(by: Viewer, account_ids: Sequence[UUID]) -> dict[UUID, int]:
    return await count_of_each(by.firm_id, account_ids, "email_account", "account_id")


async def linked_page(conditions: str, args: Sequence[object], window: Window) -> Page[EmailView]:
    """Newest first. `conditions`: SQL on `l`, the link of an e-mail to an account."""
    select = f"SELECT {_COLUMNS}, {{sort}} FROM {OF_ACCOUNT.source} WHERE {conditions}"
    return await read_page(select, args, order=OF_ACCOUNT.order, window=window, read=_view)


async def by_ids(by: Reader, ids: Sequence[UUID]) -> dict[UUID, EmailView]:
    query = f"SELECT {_COLUMNS} FROM email m WHERE m.firm_id = $1 AND m.id = ANY($2::uuid[])"
    return {email["id"]: _view(email) for email in await store.rows(query, by.firm_id, list(ids))}


async def bodies(by: Reader, ids: Sequence[UUID]) -> dict[UUID, EmailBody]:
    """Raises TooMuch where they are larger than 20 MB together: a stranger's mail says how large one is."""
    rows = await store.rows(_BODIES, by.firm_id, list(ids), MOST_BODIES)
    if rows and (together := rows[0]["together"]) > MOST_BODIES:
        message = (
            f"These {len(rows)} e-mails have {together:,} bytes of text; at most {MOST_BODIES:,} may be read at once."
            " Ask for fewer."
        )
        raise TooMuch(message)
    return {body["id"]: EmailBody(body["text"], body["safe_html"]) for body in rows}


_BODIES = """
SELECT id, together, CASE WHEN together <= $3 THEN text END AS text,
  CASE WHEN together <= $3 THEN safe_html END AS safe_html
FROM (
  SELECT id, text, safe_html, sum(octet_length(text) + coalesce(octet_length(safe_html), 0)) OVER () AS together
  FROM email WHERE firm_id = $1 AND id = ANY($2::uuid[])) AS asked"""


async def participants_of(by: Reader, email_ids: Sequence[UUID]) -> dict[UUID, list[Participant]]:
    query = """SELECT email_id, role, name, address FROM email_participant
      WHERE firm_id = $1 AND email_id = ANY($2::uuid[]) ORDER BY email_id, place"""
    grouped: dict[UUID, list[Participant]] = defaultdict(list)
    for participant in await store.rows(query, by.firm_id, list(email_ids)):
        grouped[participant["email_id"]].append(
            Participant(Role(participant["role"]), participant["name"], participant["address"])
        )
    return grouped


async def attachments_of(by: Reader, email_ids: Sequence[UUID]) -> dict[UUID, list[AttachmentView]]:
    query = f"""SELECT {_ATTACHMENT} FROM attachment
      WHERE firm_id = $1 AND email_id = ANY($2::uuid[]) ORDER BY email_id, place"""
    grouped: dict[UUID, list[AttachmentView]] = defaultdict(list)
    for attachment in await store.rows(query, by.firm_id, list(email_ids)):
        grouped[attachment["email_id"]].append(_attachment(attachment))
    return grouped


async def attachments_by_ids(by: Reader, ids: Sequence[UUID]) -> dict[UUID, AttachmentView]:
    query = f"SELECT {_ATTACHMENT} FROM attachment WHERE firm_id = $1 AND id = ANY($2::uuid[])"
    return {attachment["id"]: _attachment(attachment) for attachment in await store.rows(query, by.firm_id, list(ids))}


async def accounts_of(by: Viewer, email_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Ids of the accounts whose toggles asked for each."""
    query = """SELECT email_id, account_id FROM email_account
      WHERE firm_id = $1 AND email_id = ANY($2::uuid[]) ORDER BY email_id, account_id"""
    grouped: dict[UUID, list[UUID]] = defaultdict(list)
    for link in await store.rows(query, by.firm_id, list(email_ids)):
        grouped[link["email_id"]].append(link["account_id"])
    return grouped


_COLUMNS = """m.id, m.subject, m.from_name, m.from_address, m.sent_at, m.received_at, m.direction, m.snippet,
  m.blocked_images, m.thread_id, m.mailbox_id, m.certified_by,
  (SELECT s.state FROM submission s WHERE s.firm_id = m.firm_id AND s.id = m.id) AS letter_state"""
_ATTACHMENT = "id, email_id, name, content_type, content_id, size, not_saved"


def _among(filter: EmailFilter) -> EmailList:
    return OF_ACCOUNT if filter.account_id else OF_FIRM


def _matching(by: Viewer, filter: EmailFilter) -> store.Where:
    where = store.Where("m.firm_id = ?", by.firm_id)
    if filter.account_id:
        where.say("l.firm_id = $1")
    where.given("l.account_id = ?", filter.account_id, afresh=True)
    where.given(_TOOK_PART, filter.address_id)
    where.given(_IN_THREAD, filter.thread_id)
    if typed := beginnings(filter.search or ""):  # no index needed: address or thread has left few
        where.add("array_to_tsvector(m.words) @@ ?::text::tsquery", " & ".join(typed), afresh=True)
    return where


# also by the id that a thread had before it turned out to be part of another
_IN_THREAD = """m.thread_id = coalesce(
  (SELECT a.thread_id FROM thread_alias a WHERE a.firm_id = $1 AND a.id = ?), ?)"""

# an array, so that they are found by their ids: along the dates, a rare address reads all that the firm has
_TOOK_PART = """m.id = ANY(ARRAY(
  SELECT p.email_id FROM email_address e JOIN email_participant p ON p.firm_id = e.firm_id AND p.key = e.key
  WHERE e.firm_id = $1 AND e.id = ?))"""


def _attachment(attachment: Any) -> AttachmentView:
    reason = attachment["not_saved"]
    return AttachmentView(
        id=attachment["id"],
        email_id=attachment["email_id"],
        name=attachment["name"],
        content_type=attachment["content_type"],
        content_id=attachment["content_id"],
        size=attachment["size"],
        not_saved=NotSavedReason(reason) if reason else None,
    )


def _view(email: Any) -> EmailView:
    return EmailView(
        id=email["id"],
        subject=email["subject"],
        sender=Participant(Role.FROM, email["from_name"], email["from_address"]),
        sent_at=email["sent_at"],
        received_at=email["received_at"],
        direction=EmailDirection(email["direction"]),
        snippet=email["snippet"],
        blocked_images=email["blocked_images"],
        thread_id=email["thread_id"],
        mailbox_id=email["mailbox_id"],
        certified_by=email["certified_by"],
        letter_state=LetterState(email["letter_state"]) if email["letter_state"] else None,
    )
