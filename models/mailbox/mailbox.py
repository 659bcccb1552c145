"""A mailbox of the firm or of a member, its folders, and the ledger: one row for every message found there (R22)."""

from enum import StrEnum
from typing import Any

from tortoise import Model, fields
from tortoise.contrib.postgres.fields import ArrayField

from models.mailbox.secret import SecretKind
from models.mailbox.server import MailSecurity


class MailboxState(StrEnum):
    """RETRYING mends itself; NEEDS_ATTENTION waits for a person (R23)."""

    CHECKING = "CHECKING"
    SYNCING = "SYNCING"
    LIVE = "LIVE"
    RETRYING = "RETRYING"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"
    PAUSED = "PAUSED"


class OccurrenceState(StrEnum):
    """What became of a message that was found. All but PENDING are final, until a switch goes on."""

    PENDING = "PENDING"
    STORED = "STORED"
    SKIPPED = "SKIPPED"
    QUARANTINED = "QUARANTINED"


class StoredEmails(StrEnum):
    """What becomes of a mailbox's messages when it is disconnected. FORGET: those that no other mailbox holds go."""

    KEEP = "KEEP"
    FORGET = "FORGET"


class SkipReason(StrEnum):
    """NOT_SWITCHED_ON: no address in it has Email sync on (R18)."""

    NOT_SWITCHED_ON = "NOT_SWITCHED_ON"
    OWN_LETTER = "OWN_LETTER"
    UNREADABLE = "UNREADABLE"
    GONE_FROM_SERVER = "GONE_FROM_SERVER"
    TOO_LARGE = "TOO_LARGE"


class FolderKind(StrEnum):
    """What a folder is to the sync. ALL: Gmail's folder of all mail, which holds INBOX and what was sent."""

    INBOX = "INBOX"
    SENT = "SENT"
    ALL = "ALL"
    OTHER = "OTHER"


class Mailbox(Model):
    """
    `secret` is sealed, and so is `access_token`, which was fetched with it. `signed_in_at`: the first time.
    `changed_by`: who connected or last changed it; None: the system. `lease_*`: the worker that holds it; its writes
    carry the token (fencing). `smtp_open_at`: the version at which the door for sending was last found open.
    `disconnected_at`: nobody sees it any more, and what it left goes in the background (`models.mailbox.ending`);
    `forgets`: so do its messages, `forgotten` of them so far. `asks`: how often somebody asked for a look at once.
    `parser_version`: by which the quarantined were last read. `keeps_sent`: the server itself keeps a copy of what is
    sent, as somebody says; None: it is found out, and remembered as `found_keeps_sent`.
    """

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    address = fields.CharField(320)
    address_key = fields.CharField(320)
    owner_id = fields.UUIDField(null=True)
    username = fields.CharField(320)
    secret = fields.BinaryField()
    secret_kind = fields.CharEnumField(SecretKind, max_length=40)
    access_token = fields.BinaryField(null=True)
    access_until = fields.DatetimeField(null=True)
    imap_host = fields.CharField(255)
    imap_port = fields.IntField()
    imap_security = fields.CharEnumField(MailSecurity, max_length=40)
    smtp_host = fields.CharField(255)
    smtp_port = fields.IntField()
    smtp_security = fields.CharEnumField(MailSecurity, max_length=40)
    sent_folder = fields.CharField(255, null=True)
    folders_left_out = ArrayField("text", default=list, db_default=[])
    keeps_sent = fields.BooleanField(null=True)
    found_keeps_sent = fields.BooleanField(null=True)
    state = fields.CharEnumField(MailboxState, max_length=40)
    error_code = fields.CharField(40, null=True)
    error_message = fields.CharField(500, null=True)
    error_path = fields.CharField(100, null=True)
    failures = fields.IntField(default=0)
    refusals = fields.IntField(default=0)
    retry_at = fields.DatetimeField(null=True)
    smtp_open_at = fields.IntField(default=0)
    smtp_error_code = fields.CharField(40, null=True)
    smtp_error_message = fields.CharField(500, null=True)
    smtp_error_path = fields.CharField(100, null=True)
    smtp_failures = fields.IntField(default=0)
    smtp_retry_at = fields.DatetimeField(null=True)
    signed_in_at = fields.DatetimeField(null=True)
    last_sync_at = fields.DatetimeField(null=True)
    backfill_done = fields.IntField(default=0)
    backfill_total = fields.IntField(default=0)
    asks = fields.IntField(default=0)
    parser_version = fields.IntField(default=0)
    lease_owner = fields.CharField(100, null=True)
    lease_token = fields.BigIntField(default=0)
    lease_until = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    changed_by = fields.UUIDField(null=True)
    version = fields.IntField(default=1)
    disconnected_at = fields.DatetimeField(null=True)
    forgets = fields.BooleanField(default=False, db_default=False)
    forgotten = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "mailbox"
        unique_together = (("firm_id", "id"),)


class MailFolder(Model):
    """
    `watermark`: the ledger has every message below this UID. `on_server`: as the server counted them then. `listed`:
    the server has it. `synced`: it is read. `why`: not, or what is wrong with it alone, in plain words. `doubts`: looks
    in a row at which its figures disagreed; `failures`: at which it could not be looked at; then it may rest.
    """

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    mailbox_id = fields.UUIDField()
    name = fields.CharField(500)
    uidvalidity = fields.BigIntField(default=0)
    watermark = fields.BigIntField(default=1)
    on_server = fields.IntField(default=0)
    scanned_at = fields.DatetimeField(null=True)
    kind = fields.CharEnumField(FolderKind, max_length=40, default=FolderKind.OTHER, db_default=FolderKind.OTHER)
    listed = fields.BooleanField(default=True, db_default=True)
    synced = fields.BooleanField(default=True, db_default=True)
    why = fields.CharField(500, null=True)
    doubts = fields.IntField(default=0, db_default=0)
    failures = fields.IntField(default=0, db_default=0)
    rest_until = fields.DatetimeField(null=True)

    class Meta:
        table = "mail_folder"
        unique_together = (("firm_id", "id"), ("firm_id", "mailbox_id", "name"))


class Occurrence(Model):
    """
    One message in one folder. Of mail that matched nobody it keeps this and nothing else (R18): `hashes` are keyed.

    `arrival`: came in while we were watching, so it is announced by itself; else history.
    """

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    mailbox_id = fields.UUIDField()
    folder_id = fields.UUIDField()
    uidvalidity = fields.BigIntField()
    uid = fields.BigIntField()
    size = fields.BigIntField()
    received_at = fields.DatetimeField()
    message_id = fields.CharField(1000, null=True)
    hashes: Any = ArrayField("bytea")
    state = fields.CharEnumField(OccurrenceState, max_length=40)
    skip_reason = fields.CharEnumField(SkipReason, max_length=40, null=True)
    arrival = fields.BooleanField(default=False)
    attempts = fields.IntField(default=0)
    email_id = fields.UUIDField(null=True)
    raw_file = fields.CharField(100, null=True)
    reason = fields.CharField(500, null=True)
    found_at = fields.DatetimeField()
    gone_at = fields.DatetimeField(null=True)

    class Meta:
        table = "occurrence"
        unique_together = (("firm_id", "folder_id", "uidvalidity", "uid"),)
