"""Reading: what came since a position, and the audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import orjson

from models.ground import clock, store
from models.ground.page import Order, Page, Window
from models.ground.page import page as read_page
from models.journal.entry import WINDOW_DAYS, WINDOW_POSITIONS, Batch, Change, Entry, JournalKind
from models.viewer import JournalSource, Viewer

NEWEST_FIRST = Order("NEWEST_FIRST", "j.position", "bigint", descending=True)


async def head(firm_id: UUID) -> int:
    """The position of the newest entry; 0 where there is none."""
    return await store.value("SELECT head FROM journal_head WHERE firm_id = $1", firm_id) or 0


async def heads(firm_ids: Sequence[UUID]) -> dict[UUID, int]:
    found = await store.rows("SELECT firm_id, head FROM journal_head WHERE firm_id = ANY($1::uuid[])", list(firm_ids))
    return {row["firm_id"]: row["head"] for row in found}


async def since(firm_id: UUID, position: int, *, most: int = 500) -> list[Batch]:
    """The batches after `position`, in order, each whole; about `most` entries at a time."""
    found = await store.rows(_SINCE, firm_id, position, most)
    return [
        Batch(cursor, tuple(_entry(row) for row in batch))
        for cursor, batch in groupby(found, key=lambda row: row["batch"])
    ]


_SINCE = """
SELECT * FROM journal_entry
WHERE firm_id = $1 AND position > $2 AND position <= (
  SELECT max(batch) FROM (
    SELECT batch FROM journal_entry WHERE firm_id = $1 AND position > $2 ORDER BY position LIMIT $3
  ) AS next)
ORDER BY position
"""


async def reaches_back_to(firm_id: UUID, position: int) -> bool:
    """Whether everything after `position` is still within the live window, and `position` was ever given out."""
    return bool(await store.value(_WINDOW, firm_id, position, clock.now()))


_WINDOW = f"""
SELECT $2 <= head AND head - $2 <= {WINDOW_POSITIONS} AND ($2 = head OR coalesce((
  SELECT occurred_at > $3::timestamptz - interval '{WINDOW_DAYS} days' FROM journal_entry
  WHERE firm_id = $1 AND position > $2 ORDER BY position LIMIT 1), false))
FROM journal_head WHERE firm_id = $1
"""


@dataclass(frozen=True, slots=True)
class JournalFilter:
    kinds: tuple[JournalKind, ...] | None = None
    account_id: UUID | None = None
    subject_id: UUID | None = None
    actor_id: UUID | None = None
    bulk_update_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


async def page(by: Viewer, wanted: JournalFilter, window: Window) -> Page[Entry]:
    """Newest first. Nothing of it is there for anybody but OWNER and ADMIN."""
    where = _matching(by, wanted)
    select = where.after("SELECT j.*, {sort} FROM journal_entry j")
    return await read_page(select, where.args, order=NEWEST_FIRST, window=window, read=_entry)


async def count(by: Viewer, wanted: JournalFilter) -> int:
    where = _matching(by, wanted)
    found: int = await store.value(where.after("SELECT count(*) FROM journal_entry j"), *where.args)
    return found


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, Entry]:
    """Those that the viewer may see: all of the firm's for OWNER and ADMIN, else none."""
    if not by.is_admin:
        return {}
    found = await store.rows(
        "SELECT * FROM journal_entry WHERE firm_id = $1 AND id = ANY($2::uuid[]) AND kind = ANY($3::text[])",
        by.firm_id,
        list(ids),
        list(JournalKind),
    )
    return {row["id"]: _entry(row) for row in found}


def _matching(by: Viewer, wanted: JournalFilter) -> store.Where:
    where = store.Where("j.firm_id = ?", by.firm_id)
    seen = JournalKind if by.is_admin else ()
    where.add("j.kind = ANY(?::text[])", [kind for kind in seen if wanted.kinds is None or kind in wanted.kinds])
    where.given("j.account_ids @> ARRAY[?::uuid]", wanted.account_id, afresh=True)
    where.given("j.subject_id = ?", wanted.subject_id)
    where.given("? IN (j.member_id, j.user_id)", wanted.actor_id)
    where.given("j.run_id = ?", wanted.bulk_update_id)
    where.given("j.occurred_at >= ?", wanted.since)
    where.given("j.occurred_at < ?", wanted.until)
    return where


def _entry(row: Any) -> Entry:
    return Entry(
        id=row["id"],
        position=row["position"],
        kind=row["kind"],
        occurred_at=row["occurred_at"],
        member_id=row["member_id"],
        user_id=row["user_id"],
        by=JournalSource(row["by"]) if row["by"] else _supposed(row),
        run_id=row["run_id"],
        subject_type=row["subject_type"],
        subject_id=row["subject_id"],
        account_ids=tuple(row["account_ids"]),
        touched=tuple(row["touched"]),
        audience=frozenset(row["audience"]) if row["audience"] is not None else None,
        changes=tuple(Change(*change) for change in orjson.loads(row["changes"])),
    )


def _supposed(row: Any) -> JournalSource:
    """Of an entry that an earlier release wrote, which kept no API token apart from its admin."""
    return JournalSource.SESSION if row["member_id"] or row["user_id"] else JournalSource.SYSTEM
