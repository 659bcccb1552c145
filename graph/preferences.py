"""What an address takes or leaves of what clients are told, category by category (R13)."""

from collections.abc import Sequence

import strawberry

from graph.engine.completion import Shows
from models import toggles
from models.notification_category import NotificationCategory
from models.toggles import Preferences

strawberry.enum(NotificationCategory)


@strawberry.type
class NotificationPreference(Shows[toggles.NotificationPreference]):
    category: NotificationCategory
    on: bool


@strawberry.input
class NotificationPreferenceInput:
    category: NotificationCategory
    on: bool


def preferences_of(inputs: Sequence[NotificationPreferenceInput]) -> Preferences:
    return tuple(toggles.NotificationPreference(preference.category, preference.on) for preference in inputs)
