"""
The link below a notice: whoever holds the letter takes one category off, of one address on one account, and back (R13,
RFC 8058).

Its token stands nowhere in the database: it is signed, says what it is for, and does not expire. It never reaches
another category, an invitation or a password. What a letter promised holds: where the firm locks preferences (R13)
later letters carry no link, but one that is out, or on its way, still works. Mail programs tell whoever presses
"unsubscribe" that it was done, and who is written to even so calls the next letter spam, which harms all firms here.
"""

import base64
from dataclasses import dataclass
from uuid import UUID

from limits import RateLimitItemPerHour

from models import firm_key
from models.attempts import Attempts
from models.errors import ErrorCode, Refusal
from models.ground import store
from models.ground.keys import Key
from models.idempotency import Done
from models.letter.standing import Aim
from models.notification_category import NotificationCategory
from models.toggles import IS_HELD, NotificationPreference, preferring
from models.viewer import LetterLink

PURPOSE = "unsubscribe"
LONGEST_TOKEN = 300  # characters; ours have some 120
attempts = Attempts(
    "taking back",
    "You have changed your mind often. Try again a little later.",
    address=RateLimitItemPerHour(10),
    caller=RateLimitItemPerHour(100),
)
"""Of a link, and of a network. Only taking back counts: who cannot do that often cannot take off often either."""


@dataclass(frozen=True, slots=True)
class Offer:
    """
    What the link is for, and how it is now. `account_name`: where several accounts hold the address, as in the letter
    (R15); None: there is one.
    """

    firm_name: str
    account_name: str | None
    category: NotificationCategory
    on: bool


def link(
    base_url: str, *, key: Key, firm_id: UUID, account_id: UUID, address_id: UUID, category: NotificationCategory
) -> str:
    """
    For the letter to this address, by the firm's `key`: `/unsubscribe/<token>`. A GET shows a page, a POST with RFC
    8058's body does it. Whoever holds it can do what it says, so it must not be logged.
    """
    ids = firm_id.bytes + account_id.bytes + address_id.bytes
    claim = base64.urlsafe_b64encode(ids + category.encode()).decode().rstrip("=")
    return f"{base_url}/unsubscribe/{claim}.{key.signature(PURPOSE, claim)}"


async def _aim(token: str) -> Aim | None:
    """None: it is none of ours, or of a category that is no more."""
    claim, _, signature = token[: LONGEST_TOKEN + 1].partition(".")
    if len(token) > LONGEST_TOKEN or (aim := _said(claim)) is None:
        return None
    return aim if await firm_key.is_signed(aim.firm_id, PURPOSE, claim, signature) else None


def _said(claim: str) -> Aim | None:
    """What it says, whether or not that is signed."""
    try:
        content = base64.urlsafe_b64decode(f"{claim}==")
        firm_id, account_id, address_id = (UUID(bytes=content[at : at + 16]) for at in (0, 16, 32))
        return Aim(firm_id, account_id, address_id, NotificationCategory(content[48:].decode()))
    except ValueError:
        return None


async def offer(token: str) -> Offer | None:
    """None: no such link, or no more: no contact of the account holds the address."""
    aim = await _aim(token)
    return await _offered(aim) if aim else None


async def _offered(aim: Aim) -> Offer | None:
    record = await store.row(_OFFER, aim.firm_id, aim.account_id, aim.address_id, aim.category)
    return Offer(record["firm_name"], record["account_name"], aim.category, record["on"]) if record else None


_IS_THERE = f"t.firm_id = $1 AND t.address_id = $3 AND {IS_HELD}"
_OFFER = f"""
SELECT f.name AS firm_name, $4 <> ALL(t.muted) AS on, CASE WHEN EXISTS (
    SELECT 1 FROM toggles t JOIN account o ON o.firm_id = t.firm_id AND o.id = t.account_id AND o.archived_at IS NULL
    WHERE t.account_id <> $2 AND {_IS_THERE}) THEN a.name END AS account_name
FROM toggles t JOIN account a ON a.firm_id = t.firm_id AND a.id = t.account_id JOIN firm f ON f.id = t.firm_id
WHERE t.account_id = $2 AND {_IS_THERE}
"""


async def change(token: str, *, on: bool = False, caller: str = "") -> Done:
    """
    Takes the category off, or back. What is so already changes nothing and tells nobody (R3); in the journal nobody did
    it, by LETTER_LINK. `caller`: the network address that takings back are counted by. Of an archived account it is
    taken off, so that nobody is written to again who was told that it was done; not back.

    Raises NOT_FOUND where `offer` answers None, RATE_LIMITED; what `preferring.prefer` raises where the account is
    archived or the address was given up just now.
    """
    aim = await _aim(token)
    offered = await _offered(aim) if aim else None
    if aim is None or offered is None:
        raise _no_link()
    if offered.on is on:
        return Done((), None)
    if on:
        await attempts.count(token, caller)
    preference = NotificationPreference(aim.category, on)
    return await preferring.prefer(LetterLink(aim.firm_id), aim.account_id, aim.address_id, preference)


def _no_link() -> Refusal:
    return Refusal(ErrorCode.NOT_FOUND, "There is no such link. Copy it from the letter as a whole.", "token")
