from enum import IntEnum, StrEnum
from typing import Any

from tortoise import Model, fields

from models.ground.enums import TextWithFacts
from models.notification_category import NotificationCategory


class Urgency(IntEnum):
    """Which of a firm's letters leave first. An address has room for each by itself."""

    PASSWORD = 1
    """Somebody stands before a locked door."""
    PERSON = 2
    """A person asked for it to be written."""
    NOTICE = 3
    """The firm's other software did, or something happened that a colleague wants to hear of."""
    DIGEST = 4
    """Nobody waits for it; nor for a copy, whatever it is a copy of."""


class LetterKind(TextWithFacts):
    """What a letter is for, and how urgent that is. Each has its templates under mail/templates/<language>/."""

    def __init__(self, _: str, urgency: Urgency) -> None:
        self.urgency = urgency

    INVITATION = "INVITATION", Urgency.PERSON
    ACCOUNT_ADDED = "ACCOUNT_ADDED", Urgency.PERSON
    PASSWORD_RESET = "PASSWORD_RESET", Urgency.PASSWORD
    TEAM_INVITATION = "TEAM_INVITATION", Urgency.PERSON
    NOTICE = "NOTICE", Urgency.NOTICE
    INBOX_ENTRY = "INBOX_ENTRY", Urgency.NOTICE
    INBOX_DIGEST = "INBOX_DIGEST", Urgency.DIGEST


class LetterState(StrEnum):
    """UNCERTAIN: the server vanished before it answered. REFUSED: for good. CANCELLED: it had not left yet."""

    QUEUED = "QUEUED"
    SENT = "SENT"
    UNCERTAIN = "UNCERTAIN"
    REFUSED = "REFUSED"
    BOUNCED = "BOUNCED"
    CANCELLED = "CANCELLED"


NEVER_LEAVES = "state = CASE state WHEN 'QUEUED' THEN 'CANCELLED' ELSE state END, settled_at = {now}, sealed = NULL"
"""
What an UPDATE of letters sets where they leave no more, at the time `{now}`. UNCERTAIN ones may have arrived: they stay
so for good, without a second copy.
"""


class Letter(Model):
    """
    An outgoing e-mail, written in the transaction that causes it, delivered later by the outbox.

    `facts`: every value it prints, never a secret; the token of a link is made from `invitation_id` or `reset_id` when
    it is composed. `sealed`: the bytes as they left, encrypted, as long as it is unknown whether they arrived.

    `handed_over`: how often its bytes began to leave, apart from when the server then said no; at most twice (P2).
    `account_id`, `category`: of a notice alone, whose `facts` list what it tells of (`gathering`).

    `copy_of`: this one is the firm's copy of that letter, without its link (R16). `due_at`, `locked_until` and
    `failing_since` are by the database's clock.
    """

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    kind = fields.CharEnumField(LetterKind, max_length=40)
    urgency = fields.SmallIntField(default=Urgency.PERSON, db_default=2)
    language = fields.CharField(35)
    to_address = fields.CharField(320)
    to_key = fields.CharField(320)
    address_id = fields.UUIDField(null=True)
    account_id = fields.UUIDField(null=True)
    category = fields.CharEnumField(NotificationCategory, max_length=40, null=True)
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
    complained_at = fields.DatetimeField(null=True)

    class Meta:
        table = "letter"
        unique_together = (("firm_id", "id"), ("message_id",))


class LetterTurn(Model):
    """
    A firm with letters that are not settled. Firms are served in turn, `served_at` is when this one last was, or came.

    Written with the letters; removed under its lock once all are settled. `served_at` is by the database's clock.
    """

    firm_id = fields.UUIDField(primary_key=True)
    served_at = fields.DatetimeField()

    class Meta:
        table = "letter_turn"
