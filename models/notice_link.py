"""Where a notice's link leads: to the action without login, or to the portal, which leads on (R12, R14)."""

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from models import portal_action, software_url
from models.client_event import ClientEvent
from models.firm_settings import ClientAction, FirmSettings
from models.ground import store
from models.ground.keys import Key
from models.viewer import Client

ACCOUNT = "account_"
"""What the API's ids of accounts begin with: the portal's page compares them."""


def leads_to(
    base_url: str,
    settings: FirmSettings,
    *,
    key: Key,
    account_id: UUID,
    address_id: UUID,
    event: ClientEvent,
    action: ClientAction | None = None,
    path: str | None = None,
    at: datetime,
) -> str:
    """
    The URL of the button in a notice's letter to this address. `settings`, `key`: the firm's, as they are now.
    `action`: that the caller named; None: the event's own. `path`: below `softwareUrl`, as `software_url.checked_path`
    took it; None: the portal alone. `at`: when the letter was written, from which on a token is good for seven days.

    The same of the same, so that a letter can be composed anew. Where it holds a token it must not be logged. Raises
    INVALID where the event has no such action.
    """
    action = event.action_of(action, "action")
    if action not in settings.actions_without_login or path is None or not settings.software_url:
        return to_portal(base_url, account_id, path)
    return portal_action.link(
        base_url,
        key=key,
        firm_id=settings.id,
        account_id=account_id,
        address_id=address_id,
        action=action,
        path=path,
        at=at,
    )


def to_portal(base_url: str, account_id: UUID, path: str | None = None) -> str:
    """The portal in this account, which leads on to `path` after signing in: `leads_on` says where that is."""
    query = {"account": ACCOUNT + account_id.hex, **({"to": path} if path is not None else {})}
    return f"{base_url}/portal?{urlencode(query)}"


async def leads_on(by: Client, path: str) -> str | None:
    """
    The URL below the firm's software, of a path that anybody may have written into the portal's address; None: there is
    none, or no account is in use.
    """
    if by.account_id is None:
        return None
    url = await store.value("SELECT software_url FROM firm WHERE id = $1", by.firm_id)
    return software_url.below(url, path)
