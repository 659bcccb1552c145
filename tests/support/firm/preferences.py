"""Notification preferences as tests set and read them."""

from uuid import UUID

from models.notification_category import NotificationCategory
from models.toggles import NotificationPreference, Preferences, PreferencesWish
from models.toggles.preferring import set_preferences
from models.viewer import Actor, Viewer
from tests.support.firm.factories import MadeAccount, toggles_of

EIGHT = set(NotificationCategory)
DOCUMENTS, SIGNATURES, APPROVALS, MESSAGES, PROPOSALS, *_ = NotificationCategory


def preferences(*categories: NotificationCategory, on: bool = False) -> Preferences:
    return tuple(NotificationPreference(each, on) for each in categories)


async def preferred(
    by: Actor, account_id: UUID, address_id: UUID, *categories: NotificationCategory, on: bool = False
) -> None:
    """These are so from now on; the others stay as they are."""
    await set_preferences(by, [PreferencesWish(account_id, address_id, preferences(*categories, on=on))])


async def muted(by: Viewer, account_id: UUID, address_id: UUID) -> set[NotificationCategory]:
    """The categories that are off."""
    view = await toggles_of(by, account_id, address_id)
    assert view is not None
    assert [each.category for each in view.notification_preferences] == list(NotificationCategory)
    return {each.category for each in view.notification_preferences if not each.on}


async def version_of(by: Viewer, made: MadeAccount) -> int:
    view = await toggles_of(by, made.id, made.address)
    assert view is not None
    return view.version
