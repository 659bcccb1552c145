"""A client asks for a new invitation, with a dead link or an address (R42)."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from limits import RateLimitItemPerHour

from models import address, errand, firm, idempotency
from models.attempts import Attempts
from models.errand import ErrandKind
from models.errors import RateLimited
from models.ground import clock, store
from models.ground.together import to_the_end
from models.invitation.inviting import Asked, invite
from models.invitation.link import followed
from models.toggles import Invite, lock_where
from models.viewer import System

ONE_IN = timedelta(minutes=10)
DAY = timedelta(days=1)
MOST = 3
"""Invitations to one address from one firm in any 24 hours, whoever caused them, after which asking brings no more."""
attempts = Attempts(
    "new invitation",
    "You have asked for this often. Look into your mail, or try again a little later.",
    pair=RateLimitItemPerHour(20),
    address=RateLimitItemPerHour(100),
    caller=RateLimitItemPerHour(100),
)


@dataclass(frozen=True, slots=True)
class WhoAsks:
    """
    Either the token of a link, or an address. `firm`: its slug; absent, `host` may name it by its first part, else each
    firm that knows the address is meant. `caller` is the network address that requests are counted by.
    """

    token: str | None = None
    email: str | None = None
    firm: str | None = None
    host: str = ""
    caller: str = ""


async def ask(request: WhoAsks, *, key: str) -> None:
    """
    A letter to that address alone, where it is PENDING somewhere and not suppressed: with the link that lives, or a new
    one, for all accounts where it is PENDING. Once in ten minutes, and not where it had three in a day. Whoever asks
    learns nothing of it, neither from the answer nor from the time that it takes: nothing is looked up before it.

    Raises INVALID for a malformed key and RATE_LIMITED, whether or not the address is known.
    """
    idempotency.check_key(key)
    to_key = address.compared(_text(request.email or "", 320))
    token = None if request.token is None else _text(request.token, 100)
    await attempts.count(to_key if token is None else f"link {token}", request.caller)
    slug = firm.slug_asked(request.firm, request.host)
    facts = {"token": token, "to_key": to_key, "slug": slug, "only": bool(request.firm), "key": key}
    await errand.leave(ErrandKind.NEW_INVITATION, facts)


def _text(typed: str, most: int) -> str:
    """As a database takes it."""
    return typed[:most].encode(errors="replace").decode()


async def answer(*, token: str | None, to_key: str, slug: str, only: bool, key: str) -> None:
    """
    What a worker does for `ask`, and may do again. `to_key`: the address, as compared. `only`: at the firm `slug` or
    nowhere.
    """
    meant = await _linked(token) if token is not None else await _known(to_key, slug, only=only)
    await to_the_end(*(_ask(firm_id, address_id, key) for firm_id, address_id in meant))


async def _linked(token: str) -> list[tuple[UUID, UUID]]:
    link = await followed(token)
    return [(link.firm_id, link.address_id)] if link and link.address_id else []


async def _known(key: str, slug: str, *, only: bool) -> list[tuple[UUID, UUID]]:
    addresses = await store.rows(_KNOWN, key, slug)
    of_firm = [address for address in addresses if address["slug"] == slug]
    return [(address["firm_id"], address["id"]) for address in (of_firm if of_firm or only else addresses)]


_KNOWN = """
SELECT e.firm_id, e.id, f.slug FROM email_address e JOIN firm f ON f.id = e.firm_id WHERE e.key = $1
  AND EXISTS (SELECT 1 FROM toggles t WHERE t.firm_id = e.firm_id AND t.address_id = e.id AND t.login)
ORDER BY f.slug = $2 DESC LIMIT 50
"""


async def _ask(firm_id: UUID, address_id: UUID, key: str) -> None:
    """
    The key comes from a stranger, and others may use the same for another address: so it counts for this one only.
    """
    by = System(firm_id)

    async def do() -> tuple[UUID, ...]:
        await firm.one_at_a_time(firm_id)
        now = clock.now()
        pending = await lock_where(by, _PENDING, address_id, now - ONE_IN, now - DAY, MOST)
        await invite(by, [Asked(toggles.account_id, address_id, Invite()) for toggles in pending], reprint=True)
        return ()

    own_key = hashlib.sha256(f"{address_id} {key}".encode()).hexdigest()
    with suppress(RateLimited):  # the firm's limit is told to nobody who is not of the firm
        await idempotency.once(by, own_key, verb="request new invitation", wish=address_id, do=do)


_PENDING = """
t.address_id = $2 AND t.login AND a.archived_at IS NULL AND e.suppressed_at IS NULL AND p.id IS NULL
  AND NOT EXISTS (SELECT 1 FROM letter l WHERE l.firm_id = t.firm_id AND l.to_key = e.key AND l.kind = 'INVITATION'
                  AND l.created_at > $3 AND l.state <> 'CANCELLED')
  AND (SELECT count(*) FROM letter l WHERE l.firm_id = t.firm_id AND l.to_key = e.key AND l.kind = 'INVITATION'
       AND l.created_at > $4 AND l.state <> 'CANCELLED') < $5
"""
