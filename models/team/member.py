from enum import StrEnum
from typing import Any

from tortoise import Model, fields
from tortoise.contrib.postgres.fields import ArrayField

from models.viewer import TeamRole


class TeamMemberState(StrEnum):
    INVITED = "INVITED"
    ACTIVE = "ACTIVE"
    REMOVED = "REMOVED"


class TeamMember(Model):
    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    name = fields.CharField(200)
    email = fields.CharField(320)
    email_key = fields.CharField(320)
    password_hash = fields.CharField(200, null=True)
    role = fields.CharEnumField(TeamRole, max_length=40)
    manage_accounts = fields.BooleanField(default=False)
    state = fields.CharEnumField(TeamMemberState, max_length=40)
    account_columns: Any = ArrayField("text")
    not_in_inbox: Any = ArrayField("text", default=list, db_default=[])
    by_email: Any = ArrayField("text", default=list, db_default=[])
    in_digest: Any = ArrayField("text", default=list, db_default=[])
    totp_secret = fields.BinaryField(null=True)
    totp_since = fields.DatetimeField(null=True)
    totp_step = fields.BigIntField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()

    class Meta:
        table = "team_member"
        unique_together = (("firm_id", "id"), ("firm_id", "email_key"))


class RecoveryCode(Model):
    """Signs in once where the second factor is lost."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    member_id = fields.UUIDField()
    code_hash = fields.BinaryField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "recovery_code"
        unique_together = (("firm_id", "id"), ("firm_id", "member_id", "code_hash"))
