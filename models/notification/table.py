from enum import StrEnum

from tortoise import Model, fields


class NotificationKind(StrEnum):
    EMAIL_RECEIVED = "EMAIL_RECEIVED"
    INVITATION_ACCEPTED = "INVITATION_ACCEPTED"
    LETTER_BOUNCED = "LETTER_BOUNCED"
    MAILBOX_NEEDS_ATTENTION = "MAILBOX_NEEDS_ATTENTION"
    EMAIL_SYNC_ENDED = "EMAIL_SYNC_ENDED"
    ADDRESS_IN_DOUBT = "ADDRESS_IN_DOUBT"


class Notification(Model):
    """
    `about`: what collapses into one entry, such as the thread. `position`: the journal's when it moved to the top.
    """

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    member_id = fields.UUIDField()
    kind = fields.CharEnumField(NotificationKind, max_length=40)
    about = fields.UUIDField()
    subject_id = fields.UUIDField()
    text = fields.CharField(500)
    count = fields.IntField(default=1)
    read = fields.BooleanField(default=False)
    archived = fields.BooleanField(default=False)
    occurred_at = fields.DatetimeField()
    position = fields.BigIntField(default=0)

    class Meta:
        table = "notification"
        unique_together = (("firm_id", "id"), ("firm_id", "member_id", "kind", "about"))
