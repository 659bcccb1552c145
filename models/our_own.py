"""Addresses of the firm itself: of mailboxes that have signed in and of colleagues. Their mail is not synced (R46)."""

from collections.abc import Iterable
from enum import Enum, auto
from uuid import UUID

from models.errors import ErrorCode, Refusal
from models.ground import store
from models.viewer import Actor


class OurOwn(Enum):
    """What makes an address one of ours."""

    COLLEAGUE = auto()
    MAILBOX = auto()


IS_OUR_OWN = """(
  EXISTS (SELECT 1 FROM team_member m WHERE m.firm_id = e.firm_id AND m.email_key = e.key AND m.state = 'ACTIVE')
  OR EXISTS (
  SELECT 1 FROM mailbox b WHERE b.firm_id = e.firm_id AND b.address_key = e.key AND b.signed_in_at IS NOT NULL
  AND b.disconnected_at IS NULL))"""
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
