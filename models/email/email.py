"""One synced message, stored once per firm (R21), linked to every account whose toggles ask for it."""

from enum import StrEnum
from typing import Any

from tortoise import Model, fields
from tortoise.contrib.postgres.fields import ArrayField

from models.document.document import NotSavedReason
from models.participant import Role


class EmailDirection(StrEnum):
    INCOMING = "INCOMING"
    OUTGOING = "OUTGOING"


class Email(Model):
    """
    `fingerprint`: equal for copies of one message in several mailboxes. `raw_file`: the source as it came,
    or as it left; empty as long as what was written here is not composed.
    `sorted_at`: where it stands in lists, for `sent_at` cannot always be believed (R21).
    `certified_by`: it came as certified mail, whose envelope names this provider.
    `refs`: the Message-IDs that it names, the oldest first; empty where an earlier release stored it.
    """

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    fingerprint = fields.BinaryField()
    message_id = fields.CharField(1000, null=True)
    thread_id = fields.UUIDField()
    mailbox_id = fields.UUIDField(null=True)
    direction = fields.CharEnumField(EmailDirection, max_length=40)
    subject = fields.TextField()
    from_name = fields.TextField(null=True)
    from_address = fields.TextField()
    sent_at = fields.DatetimeField()
    received_at = fields.DatetimeField()
    sorted_at = fields.DatetimeField()
    snippet = fields.CharField(300)
    text = fields.TextField()
    safe_html = fields.TextField(null=True)
    blocked_images = fields.IntField(default=0)
    automatic = fields.BooleanField(default=False)
    raw_file = fields.CharField(100)
    parser_version = fields.IntField()
    certified_by = fields.CharField(300, null=True)
    words: Any = ArrayField("text")
    refs: Any = ArrayField("text", default=list, db_default=[])
    stored_at = fields.DatetimeField()

    class Meta:
        table = "email"
        unique_together = (("firm_id", "id"), ("firm_id", "fingerprint"))


class EmailParticipant(Model):
    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    email_id = fields.UUIDField()
    role = fields.CharEnumField(Role, max_length=40)
    place = fields.IntField()
    name = fields.TextField(null=True)
    address = fields.TextField()
    key = fields.TextField()

    class Meta:
        table = "email_participant"


class EmailAccount(Model):
    """The account's toggles asked for the message when it came, or later for its history."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    email_id = fields.UUIDField()
    account_id = fields.UUIDField()
    sorted_at = fields.DatetimeField()

    class Meta:
        table = "email_account"
        unique_together = (("firm_id", "account_id", "email_id"),)


class ThreadRef(Model):
    """Every Message-ID seen or referred to, and the conversation that it belongs to (RFC 5322, 3.6.4)."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    message_id = fields.CharField(1000)
    thread_id = fields.UUIDField()

    class Meta:
        table = "thread_ref"
        unique_together = (("firm_id", "message_id"),)


class ThreadAlias(Model):
    """Thread `id` turned out to be part of `thread_id`: its old id leads there."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    thread_id = fields.UUIDField()

    class Meta:
        table = "thread_alias"
        unique_together = (("firm_id", "id"),)


class Attachment(Model):
    """
    `file`: where its content lies, by SHA-256. `size` in bytes. `unfit`: why it is never saved to Documents, whatever
    the switches say; `not_saved`: why it was not, None where it was (R20).
    """

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    email_id = fields.UUIDField()
    place = fields.IntField()
    name = fields.TextField()
    content_type = fields.CharField(255)
    content_id = fields.TextField(null=True)
    size = fields.BigIntField()
    file = fields.CharField(100)
    unfit = fields.CharEnumField(NotSavedReason, max_length=40, null=True)
    not_saved = fields.CharEnumField(
        NotSavedReason,
        max_length=40,
        null=True,
        default=NotSavedReason.AUTO_SAVE_OFF,
        db_default=NotSavedReason.AUTO_SAVE_OFF.value,
    )

    class Meta:
        table = "attachment"
        unique_together = (("firm_id", "id"),)
