from tortoise import Model, fields


class Session(Model):
    """A colleague's (`member_id`) or a client's (`user_id`, in one account at a time: `account_id`)."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    member_id = fields.UUIDField(null=True)
    user_id = fields.UUIDField(null=True)
    account_id = fields.UUIDField(null=True)
    notice_dismissed = fields.BooleanField(default=False, db_default=False)
    device = fields.CharField(200, null=True)
    token_hash = fields.BinaryField()
    created_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField()
    ends_at = fields.DatetimeField(null=True)

    class Meta:
        table = "session"
        unique_together = (("firm_id", "id"), ("token_hash",))
