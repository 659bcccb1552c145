from enum import StrEnum
from typing import Any

from tortoise import Model, fields
from tortoise.contrib.postgres.fields import ArrayField

from models.client_event import ClientEvent
from models.firm_settings import ClientAction


class NotifyOutcome(StrEnum):
    """QUEUED: a letter tells of it. Else why none does (R14); of several reasons the first one here."""

    QUEUED = "QUEUED"
    NOTIFY_OFF = "NOTIFY_OFF"
    CATEGORY_OFF = "CATEGORY_OFF"
    ADDRESS_SUPPRESSED = "ADDRESS_SUPPRESSED"
    NO_ADDRESS = "NO_ADDRESS"
    LIMIT_REACHED = "LIMIT_REACHED"


class Notice(Model):
    """
    An event that the firm's other software, or a colleague, raised for an account (R14).

    `link`: a path below the firm's `softwareUrl`; None: the portal. `action`: what its letters may let the bearer do
    without signing in, where the firm allows it (R12).
    """

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    account_id = fields.UUIDField()
    event = fields.CharEnumField(ClientEvent, max_length=40)
    subject = fields.CharField(200)
    text = fields.TextField()
    link = fields.TextField(null=True)
    action = fields.CharEnumField(ClientAction, max_length=40, null=True)
    raised_by = fields.UUIDField(null=True)
    raised_at = fields.DatetimeField()

    class Meta:
        table = "notice"
        unique_together = (("firm_id", "id"),)


class NoticeRecipient(Model):
    """
    What became of a notice for one address, held by `contact_ids`, or for a contact without one; as it was answered, so
    nothing that is switched later changes it. `letter_id`: the letter that tells of it, which may tell of others too.
    """

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    notice_id = fields.UUIDField()
    place = fields.IntField()
    address_id = fields.UUIDField(null=True)
    contact_ids: Any = ArrayField("uuid")
    outcome = fields.CharEnumField(NotifyOutcome, max_length=40)
    letter_id = fields.UUIDField(null=True)

    class Meta:
        table = "notice_recipient"
        unique_together = (("firm_id", "notice_id", "place"),)
