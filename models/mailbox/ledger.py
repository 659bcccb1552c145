"""
The ledger: one row for every message found on the server, and what became of it. The watermark moves in the same
transaction, so that nothing is passed unexplained (R22). Every write first checks the lease.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from uuid_utils.compat import uuid7

from models.email import history
from models.ground import clock, store
from models.mailbox.backlog import MOST_CUTS, progress, switched_on
from models.mailbox.folders import LedgerFolder
from models.mailbox.found_again import found_again
from models.mailbox.lease import POISON, Leased, check
from models.mailbox.mailbox import OccurrenceState, SkipReason
from models.submission.meeting import Met, meet
from models.viewer import System


@dataclass(frozen=True, slots=True)
class Found:
    """
    A header as it was read. `hashes` stand for its participants; `skip`: settled so, with `tries` for now only. They
    add up, to MOST_CUTS at most. `met`: it says that it was sent from here.
    """

    uid: int
    size: int
    received_at: datetime
    message_id: str | None = None
    hashes: tuple[bytes, ...] = ()
    skip: SkipReason | None = None
    reason: str | None = None
    tries: int = 0
    met: Met | None = None


async def found(leased: Leased, folder: LedgerFolder, batch: Sequence[Found], *, watermark: int) -> None:
    """
    Rows for a batch of headers, by UID, PENDING where Email sync is on for one of its addresses, and the watermark.

    One that the database does not take is skipped as UNREADABLE. Raises LeaseLost.
    """
    try:
        await _write(leased, folder, batch, watermark)
    except POISON:
        if len(batch) > 1:
            middle = len(batch) // 2
            await found(leased, folder, batch[:middle], watermark=batch[middle].uid)
            await found(leased, folder, batch[middle:], watermark=watermark)
        elif batch and batch[0].skip is not SkipReason.UNREADABLE:
            bare = Found(batch[0].uid, batch[0].size, batch[0].received_at, skip=SkipReason.UNREADABLE)
            await found(leased, folder, [bare], watermark=watermark)
        else:
            raise


async def _write(leased: Leased, folder: LedgerFolder, batch: Sequence[Found], watermark: int) -> None:
    async with store.transaction(leased.firm_id):
        await history.lock(leased.firm_id)
        await check(leased)
        asked_for = await switched_on(leased.firm_id, {each for one in batch for each in one.hashes})
        again = await found_again(leased, folder, batch)
        ours = await meet(System(leased.firm_id), leased.mailbox_id, [one.met for one in batch if one.met])
        fresh = [
            _row(one, asked_for, arrival=folder.scanned)
            | again.get(one.uid, {})
            | ({"email_id": one.met.email_id, **_STORED} if one.met in ours and one.met else {})
            for one in batch
        ]
        place = (leased.firm_id, leased.mailbox_id, folder.id, folder.uidvalidity, clock.now())
        await store.execute(_FOUND, *place, orjson.dumps(fresh, default=str).decode())
        if ours:
            twice = [each.email_id for each in ours]
            await store.execute(_KEEPS_SENT, leased.firm_id, leased.mailbox_id, folder.id, twice)
        await store.execute(_MOVE, leased.firm_id, folder.id, watermark)
        backlog = sum(row["state"] == OccurrenceState.PENDING and not row["arrival"] for row in fresh)
        await store.execute(_BACKLOG, leased.firm_id, leased.mailbox_id, backlog)


_STORED = {"state": OccurrenceState.STORED, "skip_reason": None, "raw_file": None, "reason": None}


def _row(one: Found, asked_for: set[bytes], *, arrival: bool) -> dict[str, Any]:
    matched = not asked_for.isdisjoint(one.hashes)
    skip = one.skip or (None if matched else SkipReason.NOT_SWITCHED_ON)
    return {
        "id": uuid7(),
        "uid": one.uid,
        "size": one.size,
        "received_at": one.received_at,
        "message_id": one.message_id,
        "hashes": [each.hex() for each in one.hashes],
        "state": OccurrenceState.SKIPPED if skip else OccurrenceState.PENDING,
        "skip_reason": skip,
        "arrival": arrival,
        "attempts": one.tries,
        "reason": one.reason,
    }


_FOUND = """
INSERT INTO occurrence AS o (id, firm_id, mailbox_id, folder_id, uidvalidity, found_at, uid, size, received_at,
  message_id, hashes, state, skip_reason, arrival, attempts, email_id, raw_file, reason)
SELECT n.id, $1, $2, $3, $4, $5, n.uid, n.size, n.received_at, n.message_id,
  ARRAY(SELECT decode(hash, 'hex') FROM unnest(n.hashes) AS hash),
  n.state, n.skip_reason, n.arrival, n.attempts, n.email_id, n.raw_file, n.reason
FROM jsonb_to_recordset($6::text::jsonb) AS n(id uuid, uid bigint, size bigint, received_at timestamptz,
  message_id text, hashes text[], state text, skip_reason text, arrival bool, attempts int, email_id uuid,
  raw_file text, reason text)
ON CONFLICT (firm_id, folder_id, uidvalidity, uid) DO UPDATE SET gone_at = NULL,
  size = excluded.size, received_at = excluded.received_at, message_id = excluded.message_id,
  hashes = excluded.hashes, attempts = CASE excluded.attempts WHEN 0 THEN 0 ELSE o.attempts + excluded.attempts END,
  state = CASE WHEN o.state IN ('STORED', 'QUARANTINED') THEN o.state ELSE excluded.state END,
  email_id = CASE WHEN o.state IN ('STORED', 'QUARANTINED') THEN o.email_id ELSE excluded.email_id END,
  skip_reason = CASE WHEN o.state IN ('STORED', 'QUARANTINED') THEN NULL ELSE excluded.skip_reason END,
  reason = CASE WHEN o.state IN ('STORED', 'QUARANTINED') THEN o.reason ELSE excluded.reason END
WHERE o.gone_at IS NOT NULL OR o.skip_reason = 'UNREADABLE'
"""
# put there by us, and by its server as well: the next one is left to the server
_KEEPS_SENT = """
UPDATE mailbox SET found_keeps_sent = true WHERE firm_id = $1 AND id = $2 AND EXISTS (
  SELECT 1 FROM unnest($4::uuid[]) AS n(id), LATERAL (
    SELECT 1 FROM occurrence o WHERE o.firm_id = $1 AND o.email_id = n.id AND o.folder_id = $3 AND o.gone_at IS NULL
    OFFSET 1 LIMIT 1) another)
"""
_MOVE = "UPDATE mail_folder SET watermark = greatest(watermark, $3) WHERE firm_id = $1 AND id = $2"
_BACKLOG = """
UPDATE mailbox SET backfill_total = backfill_total + $3 WHERE firm_id = $1 AND id = $2 AND $3 > 0
"""


async def unread(leased: Leased, folder: LedgerFolder) -> list[int]:
    """UIDs whose headers the server did not hand out, and may yet; those that were asked for least come first."""
    query = """SELECT uid FROM occurrence WHERE firm_id = $1 AND folder_id = $2 AND uidvalidity = $3
      AND gone_at IS NULL AND skip_reason = 'UNREADABLE' AND attempts BETWEEN 1 AND $4
      ORDER BY attempts, uid"""
    rows = await store.rows(query, leased.firm_id, folder.id, folder.uidvalidity, MOST_CUTS - 1)
    return [row["uid"] for row in rows]


async def tries(leased: Leased, folder: LedgerFolder, these: Collection[int]) -> dict[int, int]:
    """How often the headers of these have been asked for in vain, by UID, where that is at all."""
    query = """SELECT uid, attempts FROM occurrence WHERE firm_id = $1 AND folder_id = $2 AND uidvalidity = $3
      AND uid = ANY($4::bigint[]) AND skip_reason = 'UNREADABLE'"""
    rows = await store.rows(query, leased.firm_id, folder.id, folder.uidvalidity, list(these))
    return {row["uid"]: row["attempts"] for row in rows}


async def uids(leased: Leased, folder: LedgerFolder) -> set[int]:
    """What the ledger takes to be on the server."""
    rows = await store.rows(f"SELECT uid FROM occurrence WHERE {_THERE}", *_place(leased, folder))
    return {row["uid"] for row in rows}


async def count(leased: Leased, folder: LedgerFolder) -> int:
    """How many that is."""
    number: int = await store.value(f"SELECT count(*) FROM occurrence WHERE {_THERE}", *_place(leased, folder))
    return number


_THERE = "firm_id = $1 AND folder_id = $2 AND uidvalidity = $3 AND gone_at IS NULL"


def _place(leased: Leased, folder: LedgerFolder) -> tuple[object, ...]:
    return leased.firm_id, folder.id, folder.uidvalidity


async def gone(leased: Leased, folder: LedgerFolder, vanished: Iterable[int]) -> None:
    """These are no longer on the server. What was stored stays in the firm."""
    async with store.transaction(leased.firm_id):
        await history.lock(leased.firm_id)  # rows before the mailbox: as whoever switches on does
        await check(leased)
        await store.execute(_GONE, leased.firm_id, folder.id, folder.uidvalidity, sorted(vanished), clock.now())
        await progress(leased)


_GONE = """
UPDATE occurrence SET gone_at = $5, state = CASE state WHEN 'PENDING' THEN 'SKIPPED' ELSE state END,
  skip_reason = CASE state WHEN 'PENDING' THEN 'GONE_FROM_SERVER' ELSE skip_reason END
WHERE firm_id = $1 AND folder_id = $2 AND uidvalidity = $3 AND uid = ANY($4::bigint[]) AND gone_at IS NULL
"""
