"""Addresses of the firm itself: of mailboxes that have signed in and of colleagues. Their mail is not synced (R46)."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from models import journal, notification, store
from models.errors import ErrorCode, Refusal
from models.journal import Change, JournalKind, Subject
from models.notification import NotificationKind
from models.viewer import Actor

IS_OUR_OWN = """(
  EXISTS (SELECT 1 FROM team_member m WHERE m.firm_id = e.firm_id AND m.email_key = e.key AND m.state = 'ACTIVE')
  OR EXISTS (
  SELECT 1 FROM mailbox b WHERE b.firm_id = e.firm_id AND b.address_key = e.key AND b.signed_in_at IS NOT NULL))"""
"""Whether address `e` is one. What was only said is not: a mailbox to be signed in, an invitation to be accepted."""


async def among(firm_id: UUID, keys: Iterable[str]) -> set[str]:
    """Those of them that are our own."""
    query = f"SELECT e.key FROM (SELECT $1::uuid AS firm_id, unnest($2::text[]) AS key) e WHERE {IS_OUR_OWN}"
    return {row["key"] for row in await store.rows(query, firm_id, list(keys))}


async def must_not_be_held(by: Actor, key: str, *path: str) -> None:
    """
    Whoever makes a contact's address our own ends its Email sync, which takes the right to change clients. Under
    `firm.one_at_a_time`, so that no contact gets it just now. Raises NOT_ALLOWED.
    """
    if not by.may_manage_accounts and await is_held(by.firm_id, key):
        message = (
            "A client's contact holds this address, and its Email sync would end. That takes the right to change"
            " clients: ask an owner or an admin."
        )
        raise Refusal(ErrorCode.NOT_ALLOWED, message, *path)


async def is_held(firm_id: UUID, key: str) -> bool:
    """Whether any contact has the address in one of its fields."""
    return bool(await store.value(_IS_HELD, firm_id, key))


_IS_HELD = """
SELECT EXISTS (SELECT 1 FROM contact_email h JOIN email_address e ON e.firm_id = h.firm_id AND e.id = h.address_id
  WHERE e.firm_id = $1 AND e.key = $2)
"""


async def end_email_sync(by: Actor, key: str, *, of: str) -> None:
    """
    For an address that became our own, with journal entries and a word in Inbox+; `of`: whose it is now.

    Under `history.lock`, so that nobody switches it on just now.
    """
    ended = await store.rows(_END_EMAIL_SYNC, by.firm_id, key)
    for row in ended:
        journal.record(
            JournalKind.TOGGLES_CHANGED,
            by=by,
            subject=(Subject.TOGGLES, row["id"]),
            accounts=[row["account_id"]],
            touched=[row["id"]],
            changes=[Change("emailSync", "true", "false")],
        )
    if ended:
        await _tell(by, ended, of)


async def _tell(by: Actor, ended: Sequence[Any], of: str) -> None:
    first = ended[0]
    names = ", ".join(row["name"] for row in ended)
    await notification.raise_for_team(
        by,
        NotificationKind.EMAIL_SYNC_ENDED,
        about=first["id"],
        subject_id=first["id"],
        text=f"Email sync of {first['address']} is off, for it is the address of {of} now: {names}",
    )


_END_EMAIL_SYNC = """
WITH on_now AS (
  SELECT t.id, e.address, a.name FROM toggles t JOIN email_address e ON e.firm_id = t.firm_id AND e.id = t.address_id
  JOIN account a ON a.firm_id = t.firm_id AND a.id = t.account_id
  WHERE t.firm_id = $1 AND t.email_sync AND e.key = $2 ORDER BY t.id FOR UPDATE OF t
), ended AS (
  UPDATE toggles t SET email_sync = false, version = version + 1 FROM on_now
  WHERE t.firm_id = $1 AND t.id = on_now.id RETURNING t.id, t.account_id, on_now.address, on_now.name
)
SELECT * FROM ended ORDER BY id
"""
