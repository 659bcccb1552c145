"""What came since a position, for all that follow."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson

from models.ground import clock, store
from models.journal.entry import WINDOW_DAYS, WINDOW_POSITIONS, Batch, Change, Entry
from models.viewer import JournalSource


async def head(firm_id: UUID) -> int:
    """The position of the newest entry; 0 where there is none."""
    return await store.value("SELECT head FROM journal_head WHERE firm_id = $1", firm_id) or 0


async def heads(firm_ids: Sequence[UUID]) -> dict[UUID, int]:
    query = "SELECT firm_id, head FROM journal_head WHERE firm_id = ANY($1::uuid[])"
    return {firm["firm_id"]: firm["head"] for firm in await store.rows(query, list(firm_ids))}


async def since(firm_id: UUID, position: int, *, most: int = 500) -> list[Batch]:
    """The batches after `position`, in order, each whole; about `most` entries at a time."""
    entries = await store.rows(_SINCE, firm_id, position, most)
    return [Batch(cursor, tuple(map(entry_of, batch))) for cursor, batch in groupby(entries, key=itemgetter("batch"))]


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


def entry_of(entry: Any) -> Entry:
    return Entry(
        id=entry["id"],
        position=entry["position"],
        kind=entry["kind"],
        occurred_at=entry["occurred_at"],
        member_id=entry["member_id"],
        user_id=entry["user_id"],
        by=JournalSource(entry["by"]) if entry["by"] else _supposed(entry),
        run_id=entry["run_id"],
        subject_type=entry["subject_type"],
        subject_id=entry["subject_id"],
        account_ids=tuple(entry["account_ids"]),
        touched=tuple(entry["touched"]),
        audience=frozenset(entry["audience"]) if entry["audience"] is not None else None,
        changes=tuple(Change(*change) for change in orjson.loads(entry["changes"])),
    )


def _supposed(entry: Any) -> JournalSource:
    """Of an entry that an earlier release wrote, which kept no API token apart from its admin."""
    return JournalSource.SESSION if entry["member_id"] or entry["user_id"] else JournalSource.SYSTEM
