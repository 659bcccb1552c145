"""Letters, invitations, portal sessions, password resets, second factors. Written by Tortoise."""

from uuid import uuid4

from orjson import loads
from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops

from models.errors import DeadLinkReason
from models.letter.letter import LetterKind, LetterState


class Migration(migrations.Migration):
    dependencies = [("models", "0003_api_token")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Invitation",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("firm_id", fields.UUIDField()),
                ("address_id", fields.UUIDField(null=True)),
                ("member_id", fields.UUIDField(null=True)),
                ("seed", fields.BinaryField()),
                ("message", fields.CharField(null=True, max_length=500)),
                ("invited_by", fields.UUIDField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("sent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("bounced_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "end_reason",
                    fields.CharEnumField(
                        null=True,
                        description="USED: USED\nEXPIRED: EXPIRED\nREVOKED: REVOKED\nSENT_AGAIN: SENT_AGAIN\nLOGIN_OFF: LOGIN_OFF\nADDRESS_CHANGED: ADDRESS_CHANGED\nUNLINKED: UNLINKED",
                        enum_type=DeadLinkReason,
                        max_length=40,
                    ),
                ),
            ],
            options={
                "table": "invitation",
                "app": "models",
                "unique_together": (("firm_id", "id"),),
                "pk_attr": "id",
                "table_description": "An offer to one address to activate its portal identity, or to a colleague (`member_id`) to join the team.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="InvitationAccount",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("firm_id", fields.UUIDField()),
                ("invitation_id", fields.UUIDField()),
                ("account_id", fields.UUIDField()),
                ("left_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "invitation_account",
                "app": "models",
                "unique_together": (("firm_id", "invitation_id", "account_id"),),
                "pk_attr": "id",
                "table_description": "An account that an invitation covers; `left_at`: it does no longer (R9).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Letter",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("firm_id", fields.UUIDField()),
                (
                    "kind",
                    fields.CharEnumField(
                        description="INVITATION: INVITATION\nACCOUNT_ADDED: ACCOUNT_ADDED\nPASSWORD_RESET: PASSWORD_RESET\nTEAM_INVITATION: TEAM_INVITATION",
                        enum_type=LetterKind,
                        max_length=40,
                    ),
                ),
                ("language", fields.CharField(max_length=35)),
                ("to_address", fields.CharField(max_length=320)),
                ("to_key", fields.CharField(max_length=320)),
                ("address_id", fields.UUIDField(null=True)),
                ("member_id", fields.UUIDField(null=True)),
                ("invitation_id", fields.UUIDField(null=True)),
                ("reset_id", fields.UUIDField(null=True)),
                ("asked_by", fields.UUIDField(null=True)),
                ("facts", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("message_id", fields.CharField(max_length=200)),
                (
                    "state",
                    fields.CharEnumField(
                        description="QUEUED: QUEUED\nSENT: SENT\nUNCERTAIN: UNCERTAIN\nREFUSED: REFUSED\nBOUNCED: BOUNCED\nCANCELLED: CANCELLED",
                        enum_type=LetterState,
                        max_length=40,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("due_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("attempts", fields.IntField(default=0)),
                ("locked_by", fields.CharField(null=True, max_length=120)),
                ("locked_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("sealed", fields.BinaryField(null=True)),
                ("error", fields.CharField(null=True, max_length=500)),
                ("settled_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "letter",
                "app": "models",
                "unique_together": (("firm_id", "id"), ("message_id",)),
                "pk_attr": "id",
                "table_description": "An outgoing e-mail, written in the transaction that causes it, delivered later by the outbox.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PasswordReset",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("firm_id", fields.UUIDField()),
                ("member_id", fields.UUIDField(null=True)),
                ("user_id", fields.UUIDField(null=True)),
                ("seed", fields.BinaryField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "end_reason",
                    fields.CharEnumField(
                        null=True,
                        description="USED: USED\nEXPIRED: EXPIRED\nREVOKED: REVOKED\nSENT_AGAIN: SENT_AGAIN\nLOGIN_OFF: LOGIN_OFF\nADDRESS_CHANGED: ADDRESS_CHANGED\nUNLINKED: UNLINKED",
                        enum_type=DeadLinkReason,
                        max_length=40,
                    ),
                ),
            ],
            options={
                "table": "password_reset",
                "app": "models",
                "unique_together": (("firm_id", "id"),),
                "pk_attr": "id",
                "table_description": "A link to a new password, a colleague's (`member_id`) or a client's (`user_id`). Its token stands nowhere.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PortalVisit",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("firm_id", fields.UUIDField()),
                ("user_id", fields.UUIDField()),
                ("account_id", fields.UUIDField()),
                ("last_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "portal_visit",
                "app": "models",
                "unique_together": (("firm_id", "user_id", "account_id"),),
                "pk_attr": "id",
                "table_description": "When a client last worked in an account: what came since waits there (R36).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("firm_id", fields.UUIDField()),
                ("member_id", fields.UUIDField()),
                ("code_hash", fields.BinaryField()),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "recovery_code",
                "app": "models",
                "unique_together": (("firm_id", "id"), ("firm_id", "member_id", "code_hash")),
                "pk_attr": "id",
                "table_description": "Signs in once where the second factor is lost.",
            },
            bases=["Model"],
        ),
        ops.AlterModelOptions(
            name="Email",
            options={
                "table": "email",
                "app": "models",
                "unique_together": (("firm_id", "id"), ("firm_id", "fingerprint")),
                "pk_attr": "id",
                "table_description": "`fingerprint`: equal for copies of one message in several mailboxes. `raw_file`: the source as it came.",
            },
        ),
        ops.AddField(
            model_name="EmailAddress",
            name="suppressed_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="EmailAddress",
            name="suppressed_reason",
            field=fields.CharField(null=True, max_length=500),
        ),
        ops.AddField(
            model_name="Firm",
            name="actions_without_login",
            field=ArrayField(default=list, db_default=[], element_type="TEXT"),
        ),
        ops.AddField(
            model_name="Firm",
            name="copy_to",
            field=fields.CharField(null=True, max_length=320),
        ),
        ops.AddField(
            model_name="Firm",
            name="invitation_days",
            field=fields.IntField(default=30, db_default=30),
        ),
        ops.AddField(
            model_name="Firm",
            name="language",
            field=fields.CharField(default="en", db_default="en", max_length=35),
        ),
        ops.AddField(
            model_name="Firm",
            name="reply_to",
            field=fields.CharField(null=True, max_length=320),
        ),
        ops.AddField(
            model_name="Firm",
            name="sender_name",
            field=fields.CharField(null=True, max_length=200),
        ),
        ops.AddField(
            model_name="JournalRow",
            name="user_id",
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name="PortalUser",
            name="password_hash",
            field=fields.CharField(null=True, max_length=200),
        ),
        ops.AlterModelOptions(
            name="Session",
            options={
                "table": "session",
                "app": "models",
                "unique_together": (("firm_id", "id"), ("token_hash",)),
                "pk_attr": "id",
                "table_description": "A colleague's (`member_id`) or a client's (`user_id`, in one account at a time: `account_id`).",
            },
        ),
        ops.AlterField(
            model_name="Session",
            name="member_id",
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name="Session",
            name="account_id",
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name="Session",
            name="device",
            field=fields.CharField(null=True, max_length=200),
        ),
        ops.AddField(
            model_name="Session",
            name="last_used_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Session",
            name="notice_dismissed",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name="Session",
            name="user_id",
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name="TeamMember",
            name="totp_secret",
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name="TeamMember",
            name="totp_since",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="TeamMember",
            name="totp_step",
            field=fields.BigIntField(null=True),
        ),
    ]
