"""The firm: the tenant. Every row belongs to exactly one, and nothing crosses firms."""

import re
from dataclasses import dataclass
from uuid import UUID

from tortoise import Model, fields
from uuid_utils.compat import uuid7

from models import email_field, firm_key, firm_settings, text
from models.errors import ErrorCode, Refusal
from models.ground import clock, store
from models.viewer import Asker, System

_SLUG = re.compile(r"(?=.{1,63}\Z)[a-z0-9]+(?:-[a-z0-9]+)*")
FIRST_FIELD = "Email"
"""The e-mail field that every firm starts with."""


class Firm(firm_settings.Columns, Model):
    """`auto_save_since`: when auto-save went on; None while it is off (R20)."""

    id = fields.UUIDField(primary_key=True)
    slug = fields.CharField(63, unique=True)
    version = fields.IntField(default=1)
    auto_save_since = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "firm"


@dataclass(frozen=True, slots=True)
class FirmView:
    id: UUID
    name: str
    slug: str
    version: int


def slug_asked(slug: str | None, host: str) -> str:
    """The firm that a stranger means: by its slug, else by the first part of `host`. '' where none can be called so."""
    slug = (slug or host.split(".")[0]).lower()
    return slug if _SLUG.fullmatch(slug) else ""


async def create(*, name: str, slug: str) -> System:
    """A new firm with its first e-mail field. Raises ALREADY_TAKEN or INVALID; answers who may fill it."""
    clean = slug.strip().lower()
    if not _SLUG.fullmatch(clean):
        raise Refusal(ErrorCode.INVALID, "A slug has letters a to z, digits and single hyphens, 63 at most.", "slug")
    async with store.transaction():
        firm_id = await store.value(_CREATE, uuid7(), text.one_line(name, "name"), clean, clock.now())
        if firm_id is None:
            raise Refusal(ErrorCode.ALREADY_TAKEN, f"There is a firm with the slug {clean} already.", "slug")
        await store.execute("INSERT INTO journal_head (firm_id, head) VALUES ($1, 0)", firm_id)
        await firm_key.make(firm_id)
        by = System(firm_id)
        await email_field.named(by, [FIRST_FIELD])
    return by


_CREATE = """
INSERT INTO firm (id, name, slug, version, created_at) VALUES ($1, $2, $3, 1, $4)
ON CONFLICT (slug) DO NOTHING RETURNING id
"""


async def one_at_a_time(firm_id: UUID) -> None:
    """
    Between looking whether a code or an address is free and taking it, nobody else of the firm takes it; nor is anybody
    else invited, moved, parted or activated meanwhile.

    Whoever waits for it has a connection: `store.transaction(firm_id)` lets a few of the firm in at a time.

    Locks are taken in one order everywhere: this, `history.lock`, accounts, contacts, toggles, addresses, invitations,
    letters, the journal's head.
    """
    await store.row("SELECT 1 FROM firm WHERE id = $1 FOR NO KEY UPDATE", firm_id)


async def if_free(firm_id: UUID) -> bool:
    """As `one_at_a_time`, for work that can wait: False, where somebody else of the firm is at it just now."""
    free = "SELECT 1 FROM firm WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED"
    return await store.value(free, firm_id) is not None


async def name_of(firm_id: UUID) -> str:
    name: str = await store.value("SELECT name FROM firm WHERE id = $1", firm_id)
    return name


async def of(by: Asker) -> FirmView:
    """The asker's own."""
    firm = await store.row("SELECT id, name, slug, version FROM firm WHERE id = $1", by.firm_id)
    assert firm is not None, "a session belongs to a firm"
    return FirmView(*firm)
