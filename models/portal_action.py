"""
What the bearer of a letter's link may do without signing in (R12): one action, on one account, for seven days.

A token stands nowhere in the database. It is signed, and holds whom and what it is for; what may have changed since is
asked when it is opened. Login has nothing to do with it.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson

from models import software_url
from models.firm_settings import ClientAction
from models.ground import clock, keys, store
from models.in_force import IS_HELD

GOOD_FOR = timedelta(days=7)
PURPOSE = "portal action"
LONGEST_TOKEN = 8_000  # characters


@dataclass(frozen=True, slots=True)
class PortalAction:
    """`link`: where the event's path leads, below the firm's software as it is now."""

    action: ClientAction
    account_id: UUID
    account_name: str
    link: str
    expires_at: datetime


def token(*, firm_id: UUID, account_id: UUID, address_id: UUID, action: ClientAction, path: str, at: datetime) -> str:
    """
    For the letter to this address, good from `at` on. It holds the path alone: where that is, the firm's settings say
    when it is opened. Whoever holds it may do what it says, so it must not be logged.
    """
    expires = int((at + GOOD_FOR).timestamp())
    said = [firm_id.hex, account_id.hex, address_id.hex, action.value, path, expires]
    what = base64.urlsafe_b64encode(orjson.dumps(said)).decode().rstrip("=")
    return f"{what}.{keys.signature(PURPOSE, what)}"


def link(
    base_url: str, *, firm_id: UUID, account_id: UUID, address_id: UUID, action: ClientAction, path: str, at: datetime
) -> str:
    """Where the letter's button leads: `/action/<token>`, whose page shows it and uses nothing up."""
    given = token(firm_id=firm_id, account_id=account_id, address_id=address_id, action=action, path=path, at=at)
    return f"{base_url}/action/{given}"


async def opened(given: str) -> PortalAction | None:
    """
    None: expired, altered, or no more: the address is not held there, the account archived, the action withdrawn, the
    firm without software. The portal is left then.
    """
    what, _, signature = given[: LONGEST_TOKEN + 1].partition(".")
    if len(given) > LONGEST_TOKEN or not what.isascii() or not keys.is_signed(PURPOSE, what, signature):
        return None
    try:
        firm_id, account_id, address_id, action, path, expires = orjson.loads(base64.urlsafe_b64decode(f"{what}=="))
    except (binascii.Error, ValueError):
        return None
    expires_at = datetime.fromtimestamp(expires, UTC)
    if expires_at <= clock.now():
        return None
    row = await store.row(_OPEN, UUID(firm_id), UUID(account_id), UUID(address_id), action)
    leads_to = software_url.below(row["software_url"], path) if row else None
    if row is None or leads_to is None:
        return None
    return PortalAction(ClientAction(action), UUID(account_id), row["name"], leads_to, expires_at)


_OPEN = f"""
SELECT a.name, f.software_url FROM toggles t
JOIN account a ON a.firm_id = t.firm_id AND a.id = t.account_id AND a.archived_at IS NULL
JOIN firm f ON f.id = t.firm_id AND $4 = ANY(f.actions_without_login)
WHERE t.firm_id = $1 AND t.account_id = $2 AND t.address_id = $3 AND {IS_HELD}
"""
