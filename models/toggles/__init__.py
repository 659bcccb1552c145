"""
The three switches, Login, Notify and Email sync, of one address on one account (R1), and what Notify tells it of (R13).
The central table.

What people ask of them is in `setting` and `preferring`, which import invitations and the portal, and so are not
exported here.
"""

from models.in_force import IS_HELD
from models.toggles.listing import by_ids, of_accounts, on_accounts
from models.toggles.locking import LockedSwitches, Toggles, lock, lock_switches, lock_where
from models.toggles.preferences import NotificationPreference, Preferences
from models.toggles.switches import (
    ALL_OFF,
    EVERY_CATEGORY_ON,
    Invite,
    LoginState,
    NewToggles,
    PreferencesWish,
    Switch,
    TogglesView,
    TogglesWish,
    Wanted,
)
from models.toggles.switching import end_email_sync, remember, switch
from models.toggles.toggles import ensure

__all__ = [
    "ALL_OFF",
    "EVERY_CATEGORY_ON",
    "IS_HELD",
    "Invite",
    "LockedSwitches",
    "LoginState",
    "NewToggles",
    "NotificationPreference",
    "Preferences",
    "PreferencesWish",
    "Switch",
    "Toggles",
    "TogglesView",
    "TogglesWish",
    "Wanted",
    "by_ids",
    "end_email_sync",
    "ensure",
    "lock",
    "lock_switches",
    "lock_where",
    "of_accounts",
    "on_accounts",
    "remember",
    "switch",
]
