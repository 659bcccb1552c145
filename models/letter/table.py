from enum import StrEnum
from typing import Any

from tortoise import Model, fields


class LetterKind(StrEnum):
    """What a letter is for. Each has its templates under mail/templates/<language>/."""

    INVITATION = "INVITATION"
    ACCOUNT_ADDED = "ACCOUNT_ADDED"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105 - a kind, not a secret
    TEAM_INVITATION = "TEAM_INVITATION"


class LetterState(StrEnum):
    """UNCERTAIN: the server vanished before it answered. REFUSED: for good. CANCELLED: it had not left yet."""

    QUEUED = "QUEUED"
    SENT = "SENT"
    UNCERTAIN = "UNCERTAIN"
    REFUSED = "REFUSED"
    BOUNCED = "BOUNCED"
    CANCELLED = "CANCELLED"


class Letter(Model):
    """
    An outgoing e-mail, written in the transaction that causes it, delivered later by the outbox.

    `facts`: every value it prints, never a secret; the token of a link is made from `invitation_id` or `reset_id` when
    it is composed. `sealed`: the bytes as they left, encrypted, from the first claim until it is settled.

    `handed_over`: how often its bytes began to leave, apart from when the server then said no; at most twice (P2).
    `copy_of`: this one is the firm's copy of that letter, without its link (R16). `locked_until`, `failing_since` and,
    once it was tried, `due_at` are by the database's clock.
    """

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    kind = fields.CharEnumField(LetterKind, max_length=40)
    language = fields.CharField(35)
    to_address = fields.CharField(320)
    to_key = fields.CharField(320)
    address_id = fields.UUIDField(null=True)
    member_id = fields.UUIDField(null=True)
    invitation_id = fields.UUIDField(null=True)
    reset_id = fields.UUIDField(null=True)
    asked_by = fields.UUIDField(null=True)
    facts: Any = fields.JSONField()
    message_id = fields.CharField(200)
    state = fields.CharEnumField(LetterState, max_length=40)
    created_at = fields.DatetimeField()
    due_at = fields.DatetimeField()
    attempts = fields.IntField(default=0)
    locked_by = fields.CharField(120, null=True)
    locked_until = fields.DatetimeField(null=True)
    sealed = fields.BinaryField(null=True)
    error = fields.CharField(500, null=True)
    settled_at = fields.DatetimeField(null=True)
    handed_over = fields.IntField(default=0, db_default=0)
    failing_since = fields.DatetimeField(null=True)
    copy_of = fields.UUIDField(null=True)

    class Meta:
        table = "letter"
        unique_together = (("firm_id", "id"), ("message_id",))
