"""
The three switches, Login, Notify and Email sync, of one address on one account (R1). The central table.

What people ask of them stands in `setting`, above invitations.
"""

from models.toggles.locking import Toggles, lock, lock_where
from models.toggles.reading import by_ids, of_accounts, on_accounts
from models.toggles.switches import ALL_OFF, Invite, LoginState, NewToggles, Switch, TogglesView, TogglesWish, Wanted
from models.toggles.switching import end_email_sync, remember, switch
from models.toggles.table import IS_HELD, ensure

__all__ = [
    "ALL_OFF",
    "IS_HELD",
    "Invite",
    "LoginState",
    "NewToggles",
    "Switch",
    "Toggles",
    "TogglesView",
    "TogglesWish",
    "Wanted",
    "by_ids",
    "end_email_sync",
    "ensure",
    "lock",
    "lock_where",
    "of_accounts",
    "on_accounts",
    "remember",
    "switch",
]
