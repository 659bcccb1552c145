"""Links below notices as tests make them."""

from uuid import UUID

from models import unsubscribe
from models.notification_category import NotificationCategory
from models.viewer import Actor
from tests.support.database.store import firms_key
from tests.support.firm.factories import MadeAccount

MESSAGES = NotificationCategory.MESSAGES


def link_of(
    by: Actor,
    made: MadeAccount,
    category: NotificationCategory = MESSAGES,
    *,
    address: UUID | None = None,
    url: str = "",
) -> str:
    """`address`: another one than the account's own."""
    return unsubscribe.link(
        url,
        key=firms_key(by.firm_id),
        firm_id=by.firm_id,
        account_id=made.id,
        address_id=address or made.address,
        category=category,
    )


def token_of(by: Actor, made: MadeAccount, category: NotificationCategory = MESSAGES) -> str:
    return link_of(by, made, category).rpartition("/")[2]
