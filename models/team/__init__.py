"""The people of the firm."""

from models.team.adding import add, invite, join
from models.team.changing import forget_two_factor, remove, update
from models.team.columns import set_account_columns
from models.team.reading import TeamMemberView, by_ids, of_firm
from models.team.table import AccountColumn, RecoveryCode, TeamMember, TeamMemberState

__all__ = [
    "AccountColumn",
    "RecoveryCode",
    "TeamMember",
    "TeamMemberState",
    "TeamMemberView",
    "add",
    "by_ids",
    "forget_two_factor",
    "invite",
    "join",
    "of_firm",
    "remove",
    "set_account_columns",
    "update",
]
