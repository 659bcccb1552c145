"""A file in an account's Documents, saved from an attachment (R20)."""

from enum import StrEnum

from tortoise import Model, fields


class NotSavedReason(StrEnum):
    """Why an attachment was saved nowhere."""

    AUTO_SAVE_OFF = "AUTO_SAVE_OFF"
    HISTORY = "HISTORY"
    FILE_TYPE = "FILE_TYPE"
    TOO_LARGE = "TOO_LARGE"
    ALREADY_THERE = "ALREADY_THERE"
    INLINE = "INLINE"


class Document(Model):
    """
    `file`: where its content lies, by SHA-256. `name`: free in the account, without regard to case; `came_as`: as the
    attachment was called. `size` in bytes. `email_id`, `attachment_id` None: that message has been forgotten.
    """

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    account_id = fields.UUIDField()
    email_id = fields.UUIDField(null=True)
    attachment_id = fields.UUIDField(null=True)
    name = fields.TextField()
    came_as = fields.TextField()
    content_type = fields.CharField(255)
    size = fields.BigIntField()
    file = fields.CharField(100)
    created_at = fields.DatetimeField()

    class Meta:
        table = "document"
        unique_together = (("firm_id", "id"),)
