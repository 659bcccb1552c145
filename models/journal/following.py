"""What came since a position, for all that follow."""

from collections.abc import Sequence
from itertools import groupby
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
    found = await store.rows("SELECT firm_id, head FROM journal_head WHERE firm_id = ANY($1::uuid[])", list(firm_ids))
    return {row["firm_id"]: row["head"] for row in found}


async def since(firm_id: UUID, position: int, *, most: int = 500) -> list[Batch]:
    """The batches after `position`, in order, each whole; about `most` entries at a time."""
    found = await store.rows(_SINCE, firm_id, position, most)
    return [
        Batch(cursor, tuple(entry_of(row) for row in batch))
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


def entry_of(row: Any) -> Entry:
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
