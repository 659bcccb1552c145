"""An offer to one address to activate its portal identity, or to a colleague to join the team."""

from models.invitation.asking import WhoAsks, ask
from models.invitation.ending import end, revoke, withdraw
from models.invitation.invitation import Invitation, InvitationAccount, InvitationState
from models.invitation.inviting import Asked, invite, objections
from models.invitation.link import Link, followed
from models.invitation.sending import send
from models.invitation.state import InvitationView, by_ids, of_toggles

__all__ = [
    "Asked",
    "Invitation",
    "InvitationAccount",
    "InvitationState",
    "InvitationView",
    "Link",
    "WhoAsks",
    "ask",
    "by_ids",
    "end",
    "followed",
    "invite",
    "objections",
    "of_toggles",
    "revoke",
    "send",
    "withdraw",
]
