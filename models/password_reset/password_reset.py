from tortoise import Model, fields

from models.errors import DeadLinkReason


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
