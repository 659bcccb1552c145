"""What the journal is made of: kinds, subjects, entries, batches."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID

from tortoise import Model, fields
from tortoise.contrib.postgres.fields import ArrayField

from models.ground.enums import TextWithFacts
from models.viewer import JournalSource

WINDOW_POSITIONS = 50_000
WINDOW_DAYS = 7


class Effect(Enum):
    """What an entry of some kinds does, beside being told."""

    SWITCHES = "the switches or preferences of its accounts, or how they count, may be others now"
    ACCESS = "somebody may not be here any more: open sockets look again"


class Kind(TextWithFacts):
    """What happened, and what else that does."""

    def __init__(self, _: str, *effects: Effect) -> None:
        self.effects = frozenset(effects)


class JournalKind(Kind):
    """As the API tells it."""

    FIRM_CHANGED = "FIRM_CHANGED", Effect.ACCESS  # its API tokens
    MEMBER_INVITED = "MEMBER_INVITED"
    MEMBER_CHANGED = "MEMBER_CHANGED", Effect.ACCESS
    MEMBER_REMOVED = "MEMBER_REMOVED", Effect.ACCESS
    ACCOUNT_CREATED = "ACCOUNT_CREATED", Effect.SWITCHES
    ACCOUNT_CHANGED = "ACCOUNT_CHANGED", Effect.SWITCHES
    CONTACT_CREATED = "CONTACT_CREATED"
    CONTACT_CHANGED = "CONTACT_CHANGED", Effect.SWITCHES
    CONTACT_LINKED = "CONTACT_LINKED", Effect.SWITCHES
    CONTACT_UNLINKED = "CONTACT_UNLINKED", Effect.SWITCHES
    EMAIL_FIELD_CREATED = "EMAIL_FIELD_CREATED"
    TOGGLES_CHANGED = "TOGGLES_CHANGED", Effect.SWITCHES
    PREFERENCES_CHANGED = "PREFERENCES_CHANGED", Effect.SWITCHES
    INVITATION_SENT = "INVITATION_SENT", Effect.SWITCHES
    INVITATION_REVOKED = "INVITATION_REVOKED", Effect.SWITCHES
    INVITATION_ACCEPTED = "INVITATION_ACCEPTED", Effect.SWITCHES
    PASSWORD_RESET = "PASSWORD_RESET", Effect.ACCESS
    CLIENTS_NOTIFIED = "CLIENTS_NOTIFIED"
    ADDRESS_SUPPRESSED = "ADDRESS_SUPPRESSED", Effect.SWITCHES
    SUPPRESSION_LIFTED = "SUPPRESSION_LIFTED", Effect.SWITCHES
    ADDRESS_IN_DOUBT = "ADDRESS_IN_DOUBT"
    BULK_UPDATE_STARTED = "BULK_UPDATE_STARTED"
    BULK_UPDATE_ENDED = "BULK_UPDATE_ENDED"
    IMPORT_STARTED = "IMPORT_STARTED"
    IMPORT_ENDED = "IMPORT_ENDED"
    MAILBOX_CONNECTED = "MAILBOX_CONNECTED"
    MAILBOX_CHANGED = "MAILBOX_CHANGED"
    MAILBOX_DISCONNECTED = "MAILBOX_DISCONNECTED"
    EMAIL_STORED = "EMAIL_STORED"
    EMAIL_SENT = "EMAIL_SENT"
    DOCUMENT_SAVED = "DOCUMENT_SAVED"


class FeedKind(Kind):
    """For the feed alone: no audit shows them."""

    NOTIFICATIONS_MOVED = "NOTIFICATIONS_MOVED"
    """Entries of somebody's Inbox+ are new, moved, read or archived."""
    THREADS_JOINED = "THREADS_JOINED"
    """Threads turned out to be one: e-mails of these accounts are in another than they were."""
    INVITATION_MOVED = "INVITATION_MOVED", Effect.SWITCHES
    """An invitation's letter has left or bounced; `touched` are the toggles that it covers."""
    ACCESS_ENDED = "SESSIONS_ENDED", Effect.ACCESS
    """Sessions ended or moved to another account, or an address lost one."""
    RUN_MOVED = "RUN_MOVED"
    """A run or its progress is another now; the subject is the run."""
    EMAILS_FORGOTTEN = "EMAILS_FORGOTTEN"
    """Some of the accounts' e-mails are gone; told as history is, so that the lists are read afresh."""
    EMAIL_MOVED = "EMAIL_MOVED"
    """What was sent from here is another step on its way; the e-mail is the subject."""
    MAILBOX_MOVED = "MAILBOX_MOVED"
    """A mailbox works again, or something else is wrong with it, or it was asked for a look; it is the subject."""


_KINDS: dict[str, Kind] = {kind.value: kind for kind in (*JournalKind, *FeedKind)}


class Subject(StrEnum):
    """The types that an entry can be about, by the names they have in the API."""

    FIRM = "Firm"
    TEAM_MEMBER = "TeamMember"
    ACCOUNT = "Account"
    CONTACT = "Contact"
    EMAIL_FIELD = "EmailField"
    EMAIL_ADDRESS = "EmailAddress"
    PORTAL_USER = "PortalUser"
    TOGGLES = "Toggles"
    INVITATION = "Invitation"
    NOTICE = "Notice"
    MAILBOX = "Mailbox"
    EMAIL = "Email"
    BULK_UPDATE = "BulkUpdate"
    IMPORT = "Import"


class JournalHead(Model):
    """Where a firm's journal stands; its row is what orders the firm's commits."""

    firm_id = fields.UUIDField(primary_key=True)
    head = fields.BigIntField(default=0)

    class Meta:
        table = "journal_head"


class JournalRow(Model):
    """An entry as it lies in the database."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    position = fields.BigIntField()
    batch = fields.BigIntField()
    kind = fields.CharField(40)
    occurred_at = fields.DatetimeField()
    member_id = fields.UUIDField(null=True)
    user_id = fields.UUIDField(null=True)
    by: Any = fields.CharEnumField(JournalSource, max_length=20, null=True)
    run_id = fields.UUIDField(null=True)
    subject_type = fields.CharField(20, null=True)
    subject_id = fields.UUIDField(null=True)
    account_ids: Any = ArrayField("uuid")
    touched: Any = ArrayField("uuid")
    audience: Any = ArrayField("uuid", null=True)
    changes: Any = fields.JSONField()

    class Meta:
        table = "journal_entry"
        unique_together = (("firm_id", "position"),)


@dataclass(frozen=True, slots=True)
class Change:
    """`field` as the API names it, values as text; never a secret."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One recorded fact. `by`: what they came by; `run_id`: the run that they acted for. `audience`: only these team
    members; None: the whole team.
    """

    id: UUID
    position: int
    kind: str
    occurred_at: datetime
    member_id: UUID | None
    user_id: UUID | None
    by: JournalSource
    run_id: UUID | None
    subject_type: str | None
    subject_id: UUID | None
    account_ids: tuple[UUID, ...]
    touched: tuple[UUID, ...]
    audience: frozenset[UUID] | None
    changes: tuple[Change, ...]

    def has(self, effect: Effect) -> bool:
        """As its kind says. A kind that only a later release knows has no effect here."""
        return self.kind in _KINDS and effect in _KINDS[self.kind].effects


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one transaction recorded. `cursor` is its last position."""

    cursor: int
    entries: tuple[Entry, ...]

    def of(self, *kinds: str) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.kind in kinds)

    def having(self, effect: Effect) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.has(effect))
