"""The three switches by name: one more costs its member and its fields here, and a column. Wishes of both kinds."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from models.address import EmailAddressView
from models.ground.frozen import frozen
from models.notification_category import NotificationCategory
from models.toggles.preferences import Preferences


class Switch(StrEnum):
    """By their columns."""

    LOGIN = "login"
    NOTIFY = "notify"
    EMAIL_SYNC = "email_sync"

    @property
    def api_name(self) -> str:
        return _API_NAMES[self]


SWITCHES = tuple(Switch)
"""To go through for each of thousands: five times as fast as the class."""


def _in_api(name: str) -> str:
    first, *words = name.split("_")
    return first + "".join(word.title() for word in words)


_API_NAMES = {switch: _in_api(switch.value) for switch in Switch}
Wanted = Mapping[Switch | NotificationCategory, bool]
"""How some of the switches and preferences shall be; the others stay as they are."""
ALL_OFF: Wanted = dict.fromkeys(Switch, False)
"""The switches: preferences are never touched by switching (R13)."""
EVERY_CATEGORY_ON: Wanted = dict.fromkeys(NotificationCategory, True)


class LoginState(StrEnum):
    """PENDING: on, and the person has not activated yet. ACTIVE: on and activated (R5)."""

    OFF = "OFF"
    PENDING = "PENDING"
    ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True)
class Invite:
    """`message`: plain text, at most 500 characters. `again`: also those who have been invited before."""

    message: str | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class TogglesWish:
    """How the switches of one address on one account shall be; None: as it is. `invite`: acts even so (R3)."""

    account_id: UUID
    address_id: UUID
    login: bool | None = None
    notify: bool | None = None
    email_sync: bool | None = None
    expected_version: int | None = None
    invite: Invite | None = None

    def switched_on(self) -> list[Switch]:
        return [switch for switch in Switch if getattr(self, switch)]

    def wants(self) -> Wanted:
        return {switch: on for switch in Switch if (on := getattr(self, switch)) is not None}


@dataclass(frozen=True, slots=True)
class PreferencesWish:
    """How some preferences of one address on one account shall be; those not named stay as they are."""

    account_id: UUID
    address_id: UUID
    preferences: Preferences
    expected_version: int | None = None

    def wants(self) -> Wanted:
        return {preference.category: preference.on for preference in self.preferences}


@dataclass(frozen=True, slots=True)
class NewToggles:
    """What a new link starts with: all off unless given (R4), and told of every category that is not named (R13)."""

    login: bool = False
    notify: bool = False
    email_sync: bool = False
    invite: Invite | None = None
    preferences: Preferences = ()

    def switched_on(self) -> list[Switch]:
        return [switch for switch in Switch if getattr(self, switch)]

    def wants(self) -> Wanted:
        preferences: Wanted = {preference.category: preference.on for preference in self.preferences}
        return {**dict.fromkeys(self.switched_on(), True), **preferences}


@frozen
class TogglesView:
    """
    `held`: by a contact of the account; else an unlinked email. `contact_ids`: those that hold it.
    `notification_preferences`: all eight, in the enum's order.
    """

    id: UUID
    account_id: UUID
    address: EmailAddressView
    login: bool
    notify: bool
    email_sync: bool
    login_state: LoginState
    contact_ids: tuple[UUID, ...]
    notification_preferences: Preferences
    version: int

    @property
    def held(self) -> bool:
        return bool(self.contact_ids)
