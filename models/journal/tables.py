"""What the journal is made of: kinds, subjects, entries, batches."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import Model, fields
from tortoise.contrib.postgres.fields import ArrayField

CHANNEL = "switchboard"
"""Where wake-ups go: the firm's id and its head, as in `0192… 1042`."""
WINDOW_POSITIONS = 50_000
WINDOW_DAYS = 7


class JournalKind(StrEnum):
    """What happened, as the API tells it."""

    FIRM_CHANGED = "FIRM_CHANGED"
    MEMBER_INVITED = "MEMBER_INVITED"
    MEMBER_CHANGED = "MEMBER_CHANGED"
    MEMBER_REMOVED = "MEMBER_REMOVED"
    ACCOUNT_CREATED = "ACCOUNT_CREATED"
    ACCOUNT_CHANGED = "ACCOUNT_CHANGED"
    CONTACT_CREATED = "CONTACT_CREATED"
    CONTACT_CHANGED = "CONTACT_CHANGED"
    CONTACT_LINKED = "CONTACT_LINKED"
    CONTACT_UNLINKED = "CONTACT_UNLINKED"
    EMAIL_FIELD_CREATED = "EMAIL_FIELD_CREATED"
    TOGGLES_CHANGED = "TOGGLES_CHANGED"
    INVITATION_SENT = "INVITATION_SENT"
    INVITATION_REVOKED = "INVITATION_REVOKED"
    INVITATION_ACCEPTED = "INVITATION_ACCEPTED"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105 - a kind, not a secret
    ADDRESS_SUPPRESSED = "ADDRESS_SUPPRESSED"
    SUPPRESSION_LIFTED = "SUPPRESSION_LIFTED"
    ADDRESS_IN_DOUBT = "ADDRESS_IN_DOUBT"
    MAILBOX_CONNECTED = "MAILBOX_CONNECTED"
    MAILBOX_CHANGED = "MAILBOX_CHANGED"
    EMAIL_STORED = "EMAIL_STORED"


NOTIFICATIONS_MOVED = "NOTIFICATIONS_MOVED"
"""A kind for the feed alone: entries of somebody's Inbox+ are new, moved, read or archived. No audit shows it."""


INVITATION_MOVED = "INVITATION_MOVED"
"""A kind for the feed alone: an invitation's letter has left or bounced; `touched` are the toggles that it covers."""

SESSIONS_ENDED = "SESSIONS_ENDED"
"""A kind for the feed alone: sessions ended, or moved to another account; their open sockets close."""


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
    MAILBOX = "Mailbox"
    EMAIL = "Email"


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
    """One recorded fact. `audience`: only these team members; None: the whole team."""

    id: UUID
    position: int
    kind: str
    occurred_at: datetime
    member_id: UUID | None
    user_id: UUID | None
    subject_type: str | None
    subject_id: UUID | None
    account_ids: tuple[UUID, ...]
    touched: tuple[UUID, ...]
    audience: frozenset[UUID] | None
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one transaction recorded. `cursor` is its last position."""

    cursor: int
    entries: tuple[Entry, ...]

    def of(self, *kinds: str) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.kind in kinds)
