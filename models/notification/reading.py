"""The Inbox+ of the viewer, and of nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models import store
from models.notification.table import NotificationKind
from models.page import Order, Page, Window
from models.page import page as read_page
from models.viewer import Viewer

NEWEST_FIRST = Order("NEWEST_FIRST", "n.position", "bigint", descending=True)


@dataclass(frozen=True, slots=True)
class NotificationView:
    id: UUID
    kind: NotificationKind
    text: str
    subject_id: UUID
    count: int
    read: bool
    archived: bool
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """`archived` None: archived or not. `up_to`: leaves out what moved after that journal position."""

    read: bool | None = None
    kinds: tuple[NotificationKind, ...] | None = None
    account_id: UUID | None = None
    archived: bool | None = False
    up_to: int | None = None


async def page(by: Viewer, wanted: InboxFilter, window: Window) -> Page[NotificationView]:
    """What moved last comes first."""
    where = matching(by, wanted)
    select = where.after("SELECT n.*, {sort} FROM notification n")
    return await read_page(select, where.args, order=NEWEST_FIRST, window=window, read=_view)


async def count(by: Viewer, wanted: InboxFilter) -> int:
    where = matching(by, wanted)
    found: int = await store.value(where.after("SELECT count(*) FROM notification n"), *where.args)
    return found


async def unread_count(by: Viewer) -> int:
    """Of the whole Inbox+, archived entries apart."""
    return await count(by, InboxFilter(read=False))


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, NotificationView]:
    found = await store.rows(
        "SELECT * FROM notification WHERE firm_id = $1 AND member_id = $2 AND id = ANY($3::uuid[])",
        by.firm_id,
        by.member_id,
        list(ids),
    )
    return {row["id"]: _view(row) for row in found}


def matching(by: Viewer, wanted: InboxFilter) -> store.Where:
    where = store.Where("n.firm_id = ?", by.firm_id)
    where.add("n.member_id = ?", by.member_id)
    where.given("n.read = ?", wanted.read)
    where.given("n.kind = ANY(?::text[])", None if wanted.kinds is None else list(wanted.kinds))
    where.given("n.archived = ?", wanted.archived)
    where.given("n.position <= ?", wanted.up_to)
    where.given(_ABOUT_ACCOUNT, wanted.account_id)
    return where


_ABOUT_ACCOUNT = """(EXISTS (
    SELECT 1 FROM email_account l WHERE l.firm_id = n.firm_id AND l.email_id = n.subject_id AND l.account_id = ?)
  OR EXISTS (
    SELECT 1 FROM toggles t WHERE t.firm_id = n.firm_id AND t.id = n.subject_id AND t.account_id = ?))"""


def _view(row: Any) -> NotificationView:
    return NotificationView(
        id=row["id"],
        kind=NotificationKind(row["kind"]),
        text=row["text"],
        subject_id=row["subject_id"],
        count=row["count"],
        read=row["read"],
        archived=row["archived"],
        occurred_at=row["occurred_at"],
    )
