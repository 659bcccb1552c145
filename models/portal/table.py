from tortoise import Model, fields

from models.errors import DeadLinkReason


class PortalVisit(Model):
    """When a client last worked in an account: what came since waits there (R36)."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    user_id = fields.UUIDField()
    account_id = fields.UUIDField()
    last_at = fields.DatetimeField()

    class Meta:
        table = "portal_visit"
        unique_together = (("firm_id", "user_id", "account_id"),)


class PasswordReset(Model):
    """A link to a new password, a colleague's (`member_id`) or a client's (`user_id`). Its token stands nowhere."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    member_id = fields.UUIDField(null=True)
    user_id = fields.UUIDField(null=True)
    seed = fields.BinaryField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)
    end_reason = fields.CharEnumField(DeadLinkReason, max_length=40, null=True)

    class Meta:
        table = "password_reset"
        unique_together = (("firm_id", "id"),)
