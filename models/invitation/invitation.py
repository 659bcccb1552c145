from enum import StrEnum

from tortoise import Model, fields

from models.errors import DeadLinkReason


class InvitationState(StrEnum):
    """NOT_SENT: no letter has left yet. ACCEPTED: at once, where the person had activated before (R8)."""

    NOT_SENT = "NOT_SENT"
    SENT = "SENT"
    ACCEPTED = "ACCEPTED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    BOUNCED = "BOUNCED"


class Invitation(Model):
    """
    An offer to one address to activate its portal identity, or to a colleague (`member_id`) to join the team.

    At most one of an address has not ended. The token of its link is HMAC(server key, `seed`) and stands nowhere (R7).
    `run_id`: the bulk update that sent it.
    """

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    address_id = fields.UUIDField(null=True)
    member_id = fields.UUIDField(null=True)
    seed = fields.BinaryField()
    message = fields.CharField(500, null=True)
    invited_by = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    sent_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField()
    bounced_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    end_reason = fields.CharEnumField(DeadLinkReason, max_length=40, null=True)
    run_id = fields.UUIDField(null=True)

    class Meta:
        table = "invitation"
        unique_together = (("firm_id", "id"),)


class InvitationAccount(Model):
    """An account that an invitation covers; `left_at`: it does no longer (R9)."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    invitation_id = fields.UUIDField()
    account_id = fields.UUIDField()
    left_at = fields.DatetimeField(null=True)

    class Meta:
        table = "invitation_account"
        unique_together = (("firm_id", "invitation_id", "account_id"),)
