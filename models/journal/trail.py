"""The audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models.ground import store
from models.ground.page import Order, Page, Window
from models.ground.page import page as read_page
from models.journal.entry import Entry, JournalKind
from models.journal.following import entry_of
from models.viewer import Viewer

NEWEST_FIRST = Order("NEWEST_FIRST", "j.position", "bigint", descending=True)


@dataclass(frozen=True, slots=True)
class JournalFilter:
    kinds: tuple[JournalKind, ...] | None = None
    account_id: UUID | None = None
    subject_id: UUID | None = None
    actor_id: UUID | None = None
    bulk_update_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


async def page(by: Viewer, filter: JournalFilter, window: Window) -> Page[Entry]:
    """Newest first. Nothing of it is there for anybody but OWNER and ADMIN."""
    where = _matching(by, filter)
    select = where.after("SELECT j.*, {sort} FROM journal_entry j")
    return await read_page(select, where.args, order=NEWEST_FIRST, window=window, read=entry_of)


async def count(by: Viewer, filter: JournalFilter) -> int:
    return await store.count(_matching(by, filter), "FROM journal_entry j")


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, Entry]:
    """Those that the viewer may see: all of the firm's for OWNER and ADMIN, else none."""
    if not by.is_admin:
        return {}
    query = "SELECT * FROM journal_entry WHERE firm_id = $1 AND id = ANY($2::uuid[]) AND kind = ANY($3::text[])"
    entries = await store.rows(query, by.firm_id, list(ids), list(JournalKind))
    return {entry["id"]: entry_of(entry) for entry in entries}


def _matching(by: Viewer, filter: JournalFilter) -> store.Where:
    where = store.Where("j.firm_id = ?", by.firm_id)
    kinds = JournalKind if by.is_admin else ()
    where.add("j.kind = ANY(?::text[])", [kind for kind in kinds if filter.kinds is None or kind in filter.kinds])
    where.given("j.account_ids @> ARRAY[?::uuid]", filter.account_id, afresh=True)
    where.given("j.subject_id = ?", filter.subject_id)
    where.given("? IN (j.member_id, j.user_id)", filter.actor_id)
    where.given("j.run_id = ?", filter.bulk_update_id)
    where.given("j.occurred_at >= ?", filter.since)
    where.given("j.occurred_at < ?", filter.until)
    return where
