"""An offer to one address to activate its portal identity, or to a colleague to join the team."""

from models.invitation.accepting import Accepted, accept
from models.invitation.asking import WhoAsks, ask
from models.invitation.ending import revoke
from models.invitation.inviting import Invite, invite
from models.invitation.link import Link, followed
from models.invitation.reading import InvitationView, by_ids, of_toggles
from models.invitation.sending import send
from models.invitation.table import Invitation, InvitationAccount, InvitationState

__all__ = [
    "Accepted",
    "Invitation",
    "InvitationAccount",
    "InvitationState",
    "InvitationView",
    "Invite",
    "Link",
    "WhoAsks",
    "accept",
    "ask",
    "by_ids",
    "followed",
    "invite",
    "of_toggles",
    "revoke",
    "send",
]
