"""A client asks for a new invitation, with a dead link or an address (R42)."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from models import address, clock, firm, idempotency, store
from models.errors import RateLimited
from models.invitation.inviting import Asked, Invite, invite
from models.invitation.link import followed
from models.viewer import System

ONE_IN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class WhoAsks:
    """Either the token of a link, or an address. `firm`: its slug; absent, `host` may name it by its first part."""

    token: str | None = None
    email: str | None = None
    firm: str | None = None
    host: str = ""


async def ask(who: WhoAsks, *, key: str) -> None:
    """
    A letter to that address alone, where it is PENDING somewhere and not suppressed: with the link that lives, or a new
    one, for all accounts where it is PENDING. Once in ten minutes. Whatever comes of it, nobody is told here.

    Raises INVALID for a key that is none.
    """
    idempotency.check_key(key)
    found = await _linked(who.token) if who.token is not None else await _known(who)
    if found is None:
        return
    try:
        await _ask(*found, key)
    except RateLimited:
        return  # the firm's limit is told to nobody who is not of the firm


async def _linked(token: str) -> tuple[UUID, UUID] | None:
    link = await followed(token)
    return (link.firm_id, link.address_id) if link and link.address_id else None


async def _known(who: WhoAsks) -> tuple[UUID, UUID] | None:
    """The firm that is named, or the only one that knows the address."""
    key = address.compared((who.email or "")[:320].encode(errors="replace").decode())
    found = await store.rows(_KNOWN, key)
    slug = (who.firm or who.host.split(".")[0]).lower()
    named = [row for row in found if row["slug"] == slug]
    if not named and not who.firm and len(found) == 1:
        named = list(found)
    return (named[0]["firm_id"], named[0]["id"]) if named else None


_KNOWN = """
SELECT e.firm_id, e.id, f.slug FROM email_address e JOIN firm f ON f.id = e.firm_id WHERE e.key = $1 LIMIT 50
"""


async def _ask(firm_id: UUID, address_id: UUID, key: str) -> None:
    """Keys are of strangers: two may take the same one, for two addresses."""
    by = System(firm_id)

    async def do() -> tuple[UUID, ...]:
        await firm.one_at_a_time(firm_id)
        rows = await store.rows(_PENDING, firm_id, address_id, clock.now() - ONE_IN)
        await invite(by, [Asked(row["account_id"], address_id, Invite()) for row in rows], reprint=True)
        return ()

    own_key = hashlib.sha256(f"{address_id} {key}".encode()).hexdigest()
    await idempotency.once(by, own_key, verb="request new invitation", asked=address_id, do=do)


_PENDING = """
SELECT t.account_id FROM toggles t
JOIN account a ON a.firm_id = t.firm_id AND a.id = t.account_id AND a.archived_at IS NULL
JOIN email_address e ON e.firm_id = t.firm_id AND e.id = t.address_id AND e.suppressed_at IS NULL
WHERE t.firm_id = $1 AND t.address_id = $2 AND t.login
  AND NOT EXISTS (SELECT 1 FROM portal_user p WHERE p.firm_id = t.firm_id AND p.address_id = t.address_id)
  AND NOT EXISTS (SELECT 1 FROM letter l WHERE l.firm_id = t.firm_id AND l.to_key = e.key AND l.kind = 'INVITATION'
                  AND l.created_at > $3 AND l.state <> 'CANCELLED')
ORDER BY t.id FOR UPDATE OF t
"""
