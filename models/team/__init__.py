"""The people of the firm."""

from models.team.adding import add, invite, join
from models.team.changing import remove, update
from models.team.listing import TeamMemberView, by_ids, of_firm
from models.team.member import RecoveryCode, TeamMember, TeamMemberState
from models.team.own_password import change_password

__all__ = [
    "RecoveryCode",
    "TeamMember",
    "TeamMemberState",
    "TeamMemberView",
    "add",
    "by_ids",
    "change_password",
    "invite",
    "join",
    "of_firm",
    "remove",
    "update",
]
