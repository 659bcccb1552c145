"""
What the bearer of a letter's link may do without signing in (R12): one action, on one account, for seven days.

A token stands nowhere in the database. It is signed, and holds whom and what it is for; what may have changed since is
asked when it is opened. Login has nothing to do with it.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson

from models import firm_key, software_url
from models.firm_settings import ClientAction
from models.ground import clock, store
from models.ground.keys import Key
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


def token(
    key: Key, *, firm_id: UUID, account_id: UUID, address_id: UUID, action: ClientAction, path: str, at: datetime
) -> str:
    """
    For the letter to this address, good from `at` on. `key`: the firm's. It holds the path alone: where that is, the
    firm's settings say when it is opened. Whoever holds it may do what it says, so it must not be logged.
    """
    expires = int((at + GOOD_FOR).timestamp())
    parts = [firm_id.hex, account_id.hex, address_id.hex, action.value, path, expires]
    claim = base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")
    return f"{claim}.{key.signature(PURPOSE, claim)}"


def link(
    base_url: str,
    *,
    key: Key,
    firm_id: UUID,
    account_id: UUID,
    address_id: UUID,
    action: ClientAction,
    path: str,
    at: datetime,
) -> str:
    """Where the letter's button leads: `/action/<token>`, whose page shows it and uses nothing up."""
    part = token(key, firm_id=firm_id, account_id=account_id, address_id=address_id, action=action, path=path, at=at)
    return f"{base_url}/action/{part}"


async def opened(token: str) -> PortalAction | None:
    """
    None: expired, altered, or no more: the address is not held there, the account archived, the action withdrawn, the
    firm without software. The portal is left then.
    """
    claim, _, signature = token[: LONGEST_TOKEN + 1].partition(".")
    if len(token) > LONGEST_TOKEN or (parts := _said(claim)) is None:
        return None
    firm_id, account_id, address_id, action, path, expires_at = parts
    if expires_at <= clock.now() or not await firm_key.is_signed(firm_id, PURPOSE, claim, signature):
        return None
    record = await store.row(_OPEN, firm_id, account_id, address_id, action)
    leads_to = software_url.below(record["software_url"], path) if record else None
    if record is None or leads_to is None:
        return None
    return PortalAction(ClientAction(action), account_id, record["name"], leads_to, expires_at)


def _said(claim: str) -> tuple[UUID, UUID, UUID, str, str, datetime] | None:
    """What it says, whether or not that is signed; None: it is none of ours."""
    try:
        firm_id, account_id, address_id, action, path, expires = orjson.loads(base64.urlsafe_b64decode(f"{claim}=="))
        at = datetime.fromtimestamp(expires, UTC)
        return UUID(firm_id), UUID(account_id), UUID(address_id), str(action), str(path), at
    except (ValueError, TypeError, AttributeError, OverflowError, OSError):
        return None


_OPEN = f"""
SELECT a.name, f.software_url FROM toggles t
JOIN account a ON a.firm_id = t.firm_id AND a.id = t.account_id AND a.archived_at IS NULL
JOIN firm f ON f.id = t.firm_id AND $4 = ANY(f.actions_without_login)
WHERE t.firm_id = $1 AND t.account_id = $2 AND t.address_id = $3 AND {IS_HELD}
"""
