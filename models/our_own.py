"""Addresses of the firm itself: of mailboxes that have signed in and of colleagues. Their mail is not synced (R46)."""

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from tortoise import Model, fields

from models.errors import ErrorCode, Refusal
from models.ground import clock, store
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
    return {address["key"] for address in await store.rows(query, firm_id, list(keys))}


async def ours_then(firm_id: UUID, moments: Collection[tuple[str, datetime]]) -> set[tuple[str, datetime]]:
    """
    Those of them, addresses and when a server took a message with them in, that were ours: that are, or were then, also
    with something behind a plus (RFC 5233). Two statements for all.
    """
    keys = {key: without_detail(key) for key, _ in moments}
    forms = {*keys, *keys.values()}
    ours = await among(firm_id, forms)
    former = {address["key"]: address["until"] for address in await store.rows(_FORMER, firm_id, list(forms))}
    return {
        (key, at)
        for key, at in moments
        if any(form in ours or (form in former and at <= former[form]) for form in (key, keys[key]))
    }


def without_detail(key: str) -> str:
    """studio@firm.example, of studio+vat@firm.example."""
    local, at, domain = key.rpartition("@")
    return local.partition("+")[0] + at + domain


async def left(by: Actor, key: str) -> None:
    """It is ours no more; what it sent until now stays ours, also what is found later. Inside a transaction."""
    await store.execute(_LEFT, by.firm_id, key, clock.now())


_FORMER = "SELECT key, until FROM former_address WHERE firm_id = $1 AND key = ANY($2::text[])"
_LEFT = """
INSERT INTO former_address (id, firm_id, key, until) VALUES (gen_random_uuid(), $1, $2, $3)
ON CONFLICT (firm_id, key) DO UPDATE SET until = greatest(former_address.until, excluded.until)
"""


class FormerAddress(Model):
    """Of a colleague who left, or of a mailbox that was disconnected: ours until then."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    key = fields.CharField(320)
    until = fields.DatetimeField()

    class Meta:
        table = "former_address"
        unique_together = (("firm_id", "key"),)


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
