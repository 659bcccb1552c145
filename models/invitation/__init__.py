"""An offer to one address to activate its portal identity, or to a colleague to join the team."""

from models.invitation.table import Invitation, InvitationAccount, InvitationState

__all__ = ["Invitation", "InvitationAccount", "InvitationState"]
