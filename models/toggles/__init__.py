"""The three switches, Login, Notify and Email sync, of one address on one account (R1). The central table."""

from models.toggles.reading import TogglesView, by_ids, of_accounts, on_accounts
from models.toggles.switching import NewToggles, TogglesWish, set_toggles, start, switch
from models.toggles.table import LoginState, Switch, Toggles, ensure

__all__ = [
    "LoginState",
    "NewToggles",
    "Switch",
    "Toggles",
    "TogglesView",
    "TogglesWish",
    "by_ids",
    "ensure",
    "of_accounts",
    "on_accounts",
    "set_toggles",
    "start",
    "switch",
]
