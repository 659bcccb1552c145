"""What an address takes or leaves of what the firm's system tells clients, category by category (R13)."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from models.notification_category import NotificationCategory


@dataclass(frozen=True, slots=True)
class NotificationPreference:
    category: NotificationCategory
    on: bool


Preferences = tuple[NotificationPreference, ...]


def preferences_without(muted: Collection[str]) -> Preferences:
    """All eight, in the enum's order."""
    return _without(frozenset(muted))


@cache  # eight categories make 256 of them, and lists show them by the hundred
def _without(muted: frozenset[str]) -> Preferences:
    return tuple(NotificationPreference(category, category not in muted) for category in NotificationCategory)
