"""The people of the firm."""

from models.team.adding import add, invite, join
from models.team.changing import remove, update
from models.team.columns import set_account_columns
from models.team.listing import TeamMemberView, by_ids, of_firm
from models.team.member import AccountColumn, RecoveryCode, TeamMember, TeamMemberState
from models.team.own_password import change_password, end_resets

__all__ = [
    "AccountColumn",
    "RecoveryCode",
    "TeamMember",
    "TeamMemberState",
    "TeamMemberView",
    "add",
    "by_ids",
    "change_password",
    "end_resets",
    "invite",
    "join",
    "of_firm",
    "remove",
    "set_account_columns",
    "update",
]
