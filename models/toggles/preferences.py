"""What an address takes or leaves of what the firm's system tells clients, category by category (R13)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache

from models.errors import ErrorCode, Refusal
from models.notification_category import NotificationCategory


@dataclass(frozen=True, slots=True)
class NotificationPreference:
    category: NotificationCategory
    on: bool


Preferences = tuple[NotificationPreference, ...]


def named_twice(preferences: Preferences, *path: str) -> Iterator[Refusal]:
    """Only of the first category that is: there may be thousands. `path`: of the list in the input."""
    named = [preference.category for preference in preferences]
    if place := next((place for place, category in enumerate(named) if category in named[:place]), None):
        yield Refusal(ErrorCode.INVALID, "This category stands twice in the list.", *path, place, "category")


def preferences_without(muted: Collection[str]) -> Preferences:
    """All eight, in the enum's order."""
    return _without(frozenset(muted))


@cache  # eight categories make 256 of them, and lists show them by the hundred
def _without(muted: frozenset[str]) -> Preferences:
    return tuple(NotificationPreference(category, category not in muted) for category in NotificationCategory)
