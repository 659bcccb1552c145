from typing import Any, Literal

from tortoise import Model, fields
from tortoise.contrib.postgres.fields import ArrayField

from models.ground.enums import TextWithFacts
from models.journal import Subject

About = Literal[
    Subject.EMAIL, Subject.BULK_UPDATE, Subject.IMPORT, Subject.TOGGLES, Subject.EMAIL_ADDRESS, Subject.MAILBOX
]


class NotificationKind(TextWithFacts):
    """Each with what its entries are about: the kind of their `subject_id`."""

    def __init__(self, _: str, subject: About) -> None:
        self.subject = subject

    EMAIL_RECEIVED = "EMAIL_RECEIVED", Subject.EMAIL
    BULK_UPDATE_FINISHED = "BULK_UPDATE_FINISHED", Subject.BULK_UPDATE
    IMPORT_FINISHED = "IMPORT_FINISHED", Subject.IMPORT
    INVITATION_ACCEPTED = "INVITATION_ACCEPTED", Subject.TOGGLES
    LETTER_BOUNCED = "LETTER_BOUNCED", Subject.EMAIL_ADDRESS
    MAILBOX_NEEDS_ATTENTION = "MAILBOX_NEEDS_ATTENTION", Subject.MAILBOX
    EMAIL_SYNC_ENDED = "EMAIL_SYNC_ENDED", Subject.TOGGLES
    ADDRESS_IN_DOUBT = "ADDRESS_IN_DOUBT", Subject.EMAIL_ADDRESS


class Notification(Model):
    """
    `about`: what collapses into one entry. `position`: the journal's when it moved to the top. `account_ids`: those
    that it names, and of messages those that each is linked to, since it was last read.

    Of a message, `about` is of its `thread_id` and its `senders` (Conversation). `gone_at`: since when it is part of
    another entry; the feed alone still tells of it.

    `mail_at`: when a letter for it alone is due. `mailed_at`: when the last one was written; `mail_unread`: nobody has
    read the entry since. `digest_since`: since when it waits for a digest.
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
    account_ids: Any = ArrayField("uuid", default=list, db_default=[])
    mail_at = fields.DatetimeField(null=True)
    mailed_at = fields.DatetimeField(null=True)
    mail_unread = fields.BooleanField(default=False, db_default=False)
    digest_since = fields.DatetimeField(null=True)
    thread_id = fields.UUIDField(null=True)
    senders: Any = ArrayField("uuid", default=list, db_default=[])
    gone_at = fields.DatetimeField(null=True)

    class Meta:
        table = "notification"
        unique_together = (("firm_id", "id"), ("firm_id", "member_id", "kind", "about"))
