"""Opaque global ids: the kind of thing, and its key. A malformed id, or one of another kind, is found nowhere."""

from enum import StrEnum
from uuid import UUID

import strawberry

NOTHING = UUID(int=0)


class Kind(StrEnum):
    """Prefixes; they never change, since clients keep ids."""

    FIRM = "firm"
    TEAM_MEMBER = "member"
    ACCOUNT = "account"
    CONTACT = "contact"
    EMAIL_FIELD = "field"
    EMAIL_ADDRESS = "address"
    PORTAL_USER = "person"
    TOGGLES = "toggles"
    INVITATION = "invitation"
    MAILBOX = "mailbox"
    EMAIL = "email"
    ATTACHMENT = "attachment"
    THREAD = "thread"
    NOTICE = "notice"
    NOTIFICATION = "notification"
    BULK_UPDATE = "bulk"
    IMPORT = "import"
    JOURNAL_ENTRY = "entry"
    SESSION = "session"
    PORTAL = "portal"
    FIRM_SETTINGS = "settings"
    MAILBOX_HEALTH = "health"
    API_TOKEN = "token"  # noqa: S105 - a word
    UPLOAD = "upload"
    DOCUMENT = "document"


def global_id(kind: Kind, key: UUID) -> strawberry.ID:
    return strawberry.ID(kind + "_" + key.hex)  # a format string would ask the enum, which costs more than the rest


def key_of(kind: Kind, id: str | None) -> UUID:
    """The key; NOTHING, which no row has, where `id` is no id of this kind: so it ends as NOT_FOUND."""
    parts = parsed(id or "")
    return parts[1] if parts and parts[0] is kind else NOTHING


def parsed(id: str) -> tuple[Kind, UUID] | None:
    prefix, _, digits = id.partition("_")
    try:
        kind, key = Kind(prefix), UUID(digits)
    except ValueError:
        return None
    return (kind, key) if key.hex == digits else None
