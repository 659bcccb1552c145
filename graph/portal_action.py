"""What the bearer of a letter's link may do without signing in (R12)."""

from datetime import datetime

import strawberry

from graph.ids import Kind, global_id
from models import portal_action
from models.firm_settings import ClientAction


@strawberry.type
class PortalAction:
    action: ClientAction
    account_id: strawberry.ID
    account_name: str
    link: str = strawberry.field(description="Below the firm's `softwareUrl`: the path that the event was raised with.")
    expires_at: datetime


@strawberry.type
class PortalActionQuery:
    @strawberry.field(
        description="Public: what the bearer of a letter's link may do without signing in (R12). Null: nothing, sign in"
        " instead."
    )
    async def portal_action(self, token: str) -> PortalAction | None:
        action = await portal_action.opened(token)
        if action is None:
            return None
        return PortalAction(
            action=action.action,
            account_id=global_id(Kind.ACCOUNT, action.account_id),
            account_name=action.account_name,
            link=action.link,
            expires_at=action.expires_at,
        )
