from enum import StrEnum
from typing import Any

from tortoise import Model, fields
from tortoise.contrib.postgres.fields import ArrayField

from models.letter.letter import LetterState


class CopyState(StrEnum):
    """Of what was sent in the mailbox's Sent. WANTED: looked for there, and put there where the provider does not."""

    WANTED = "WANTED"
    THERE = "THERE"
    GIVEN_UP = "GIVEN_UP"


class Submission(Model):
    """
    A regular e-mail written here, on its way through its mailbox's SMTP (RFC 6409). `id`: its Email's, which has its
    words and attachments.

    `recipients`: of the envelope, To and Cc, each once. `message_id`, `refs` and `in_reply_to` without angle brackets.
    `file`: the bytes as they leave, kept before they do, and the same ones at a second time. `handed_over`: how often
    they began to leave, apart from when the server then said no; at most twice (P2). `error`: in plain words; also of
    what was sent, where some recipients were refused. `due_at`, `failing_since` and `copy_due_at` are by the database's
    clock. `mailbox_id` None: it was disconnected. `copy_tries`: how often it began to be put into Sent;
    `copy_error`: why it could not, in plain words.
    """

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    mailbox_id = fields.UUIDField(null=True)
    member_id = fields.UUIDField()
    from_name = fields.TextField()
    from_address = fields.CharField(320)
    recipients: Any = ArrayField("text")
    in_reply_to = fields.CharField(1000, null=True)
    refs: Any = ArrayField("text")
    message_id = fields.CharField(1000)
    state = fields.CharEnumField(LetterState, max_length=40)
    error = fields.CharField(500, null=True)
    created_at = fields.DatetimeField()
    due_at = fields.DatetimeField()
    attempts = fields.IntField(default=0, db_default=0)
    handed_over = fields.IntField(default=0, db_default=0)
    failing_since = fields.DatetimeField(null=True)
    settled_at = fields.DatetimeField(null=True)
    sent_at = fields.DatetimeField(null=True)
    file = fields.CharField(100, null=True)
    copy = fields.CharEnumField(CopyState, max_length=40, null=True)
    copy_tries = fields.IntField(default=0, db_default=0)
    copy_due_at = fields.DatetimeField(null=True)
    copy_error = fields.CharField(500, null=True)

    class Meta:
        table = "submission"
        unique_together = (("firm_id", "id"),)
