"""The viewer's own Inbox+."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models.ground import store
from models.ground.page import Order, Page, Window
from models.ground.page import page as read_page
from models.notification.notification import NotificationKind
from models.viewer import Viewer

NEWEST_FIRST = Order("NEWEST_FIRST", "n.position", "bigint", descending=True)


@dataclass(frozen=True, slots=True)
class NotificationView:
    """`gone`: merged into another entry; it counts as read and archived."""

    id: UUID
    kind: NotificationKind
    text: str
    subject_id: UUID
    count: int
    read: bool
    archived: bool
    occurred_at: datetime
    account_ids: tuple[UUID, ...]
    gone: bool


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """`archived` None: archived or not. `up_to`: a journal position; entries that moved after it are left out."""

    read: bool | None = None
    kinds: tuple[NotificationKind, ...] | None = None
    account_id: UUID | None = None
    archived: bool | None = False
    up_to: int | None = None


async def page(by: Viewer, filter: InboxFilter, window: Window) -> Page[NotificationView]:
    """The entry that moved last comes first."""
    where = matching(by, filter)
    select = where.after("SELECT n.*, {sort} FROM notification n")
    return await read_page(select, where.args, order=NEWEST_FIRST, window=window, read=_view)


async def count(by: Viewer, filter: InboxFilter) -> int:
    return await store.count(matching(by, filter), "FROM notification n")


async def unread_count(by: Viewer) -> int:
    """Of all entries that are not archived."""
    return await count(by, InboxFilter(read=False))


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, NotificationView]:
    query = "SELECT * FROM notification WHERE firm_id = $1 AND member_id = $2 AND id = ANY($3::uuid[])"
    entries = await store.rows(query, by.firm_id, by.member_id, list(ids))
    return {entry["id"]: _view(entry) for entry in entries}


def matching(by: Viewer, filter: InboxFilter) -> store.Where:
    where = store.Where("n.firm_id = ?", by.firm_id)
    where.add("n.member_id = ?", by.member_id)
    where.say("n.gone_at IS NULL")
    where.given("n.read = ?", filter.read)
    where.given("n.kind = ANY(?::text[])", None if filter.kinds is None else list(filter.kinds))
    where.given("n.archived = ?", filter.archived)
    where.given("n.position <= ?", filter.up_to)
    where.given(_ABOUT_ACCOUNT, filter.account_id)
    return where


_ABOUT_ACCOUNT = """(?::uuid = ANY(n.account_ids) OR EXISTS (
  SELECT 1 FROM email_account s WHERE s.firm_id = n.firm_id AND s.account_id = ? AND s.email_id = n.subject_id))"""


def _view(entry: Any) -> NotificationView:
    return NotificationView(
        id=entry["id"],
        kind=NotificationKind[entry["kind"]],
        text=entry["text"],
        subject_id=entry["subject_id"],
        count=entry["count"],
        read=entry["read"],
        archived=entry["archived"],
        occurred_at=entry["occurred_at"],
        account_ids=tuple(entry["account_ids"]),
        gone=entry["gone_at"] is not None,
    )
