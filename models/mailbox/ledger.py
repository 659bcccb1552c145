"""
The ledger: one row for every message found on the server, and what became of it. The watermark moves in the same
transaction, so that no message is passed without a row that says why (R22). Its table is `occurrence`. Every write
first checks the lease.
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
    A header as it was read. `hashes`: of its participants. `skip`: why it is settled already; where it has `tries` only
    for now: it is asked for again, until they add up to MOST_CUTS. `met`: it says that it was sent from here.
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
    Writes rows for a batch of headers, PENDING where Email sync is on for one of the addresses, and the watermark: the
    ledger has all below this UID now. The same header again changes nothing, unless it was gone or UNREADABLE.

    Where the database does not take a batch, its halves are tried, down to the header to blame, which is skipped as
    UNREADABLE. Raises LeaseLost.
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
    """
    All of it or nothing. First `history.lock`: whoever switches Email sync on either is seen here, or sees these rows.
    Then the lease, so that a worker thought dead writes nothing.
    """
    async with store.transaction(leased.firm_id):
        await history.lock(leased.firm_id)
        await check(leased)
        asked_for = await switched_on(leased.firm_id, {hash_ for header in batch for hash_ in header.hashes})
        again = await found_again(leased, folder, batch)
        met = [header.met for header in batch if header.met]
        sent_here = await meet(System(leased.firm_id), leased.mailbox_id, met)
        occurrences = [  # what is known of it from elsewhere counts for more than its header
            _as_read(header, asked_for, arrival=folder.scanned)
            | again.get(header.uid, {})
            | _as_sent(header, sent_here)
            for header in batch
        ]
        place = (leased.firm_id, leased.mailbox_id, folder.id, folder.uidvalidity, clock.now())
        await store.execute(_FOUND, *place, orjson.dumps(occurrences, default=str).decode())
        if sent_here:
            ids = [letter.email_id for letter in sent_here]
            await store.execute(_KEEPS_SENT, leased.firm_id, leased.mailbox_id, folder.id, ids)
        await store.execute(_MOVE, leased.firm_id, folder.id, watermark)
        backlog = sum(
            occurrence["state"] == OccurrenceState.PENDING and not occurrence["arrival"] for occurrence in occurrences
        )
        await store.execute(_BACKLOG, leased.firm_id, leased.mailbox_id, backlog)


def _as_read(header: Found, asked_for: set[bytes], *, arrival: bool) -> dict[str, Any]:
    matched = not asked_for.isdisjoint(header.hashes)
    skip = header.skip or (None if matched else SkipReason.NOT_SWITCHED_ON)
    return {
        "id": uuid7(),
        "uid": header.uid,
        "size": header.size,
        "received_at": header.received_at,
        "message_id": header.message_id,
        "hashes": [hash_.hex() for hash_ in header.hashes],
        "state": OccurrenceState.SKIPPED if skip else OccurrenceState.PENDING,
        "skip_reason": skip,
        "arrival": arrival,
        "attempts": header.tries,
        "reason": header.reason,
    }


def _as_sent(header: Found, sent_here: set[Met]) -> dict[str, Any]:
    if header.met is None or header.met not in sent_here:
        return {}
    stored = {"state": OccurrenceState.STORED, "skip_reason": None, "raw_file": None, "reason": None}
    return {"email_id": header.met.email_id, **stored}


# a header that is found once more takes the place of a row whose message was gone, or could not be read; what was
# stored or quarantined stays so, and only comes back
_STAYS = "o.state IN ('STORED', 'QUARANTINED')"
_FOUND = f"""
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
  state = CASE WHEN {_STAYS} THEN o.state ELSE excluded.state END,
  email_id = CASE WHEN {_STAYS} THEN o.email_id ELSE excluded.email_id END,
  raw_file = CASE WHEN {_STAYS} THEN o.raw_file ELSE excluded.raw_file END,
  skip_reason = CASE WHEN {_STAYS} THEN NULL ELSE excluded.skip_reason END,
  reason = CASE WHEN {_STAYS} THEN o.reason ELSE excluded.reason END
WHERE o.gone_at IS NOT NULL OR o.skip_reason = 'UNREADABLE'
"""
# of what was sent from here a second copy lies in this folder, the server's own: from now on we add none of ours
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
    """UIDs whose headers the server did not hand out, and may yet; those tried least come first."""
    query = """SELECT uid FROM occurrence WHERE firm_id = $1 AND folder_id = $2 AND uidvalidity = $3
      AND gone_at IS NULL AND skip_reason = 'UNREADABLE' AND attempts BETWEEN 1 AND $4
      ORDER BY attempts, uid"""
    rows = await store.rows(query, leased.firm_id, folder.id, folder.uidvalidity, MOST_CUTS - 1)
    return [uid for (uid,) in rows]


async def tries(leased: Leased, folder: LedgerFolder, numbers: Collection[int]) -> dict[int, int]:
    """By UID, how often the header has been asked for in vain; without those that never were."""
    query = """SELECT uid, attempts FROM occurrence WHERE firm_id = $1 AND folder_id = $2 AND uidvalidity = $3
      AND uid = ANY($4::bigint[]) AND skip_reason = 'UNREADABLE'"""
    rows = await store.rows(query, leased.firm_id, folder.id, folder.uidvalidity, list(numbers))
    return {header["uid"]: header["attempts"] for header in rows}


async def uids(leased: Leased, folder: LedgerFolder) -> set[int]:
    """The messages that are on the server, as far as the ledger knows."""
    rows = await store.rows(f"SELECT uid FROM occurrence WHERE {_THERE}", *_place(leased, folder))
    return {uid for (uid,) in rows}


async def count(leased: Leased, folder: LedgerFolder) -> int:
    """How many messages are on the server, as far as the ledger knows."""
    number: int = await store.value(f"SELECT count(*) FROM occurrence WHERE {_THERE}", *_place(leased, folder))
    return number


_THERE = "firm_id = $1 AND folder_id = $2 AND uidvalidity = $3 AND gone_at IS NULL"


def _place(leased: Leased, folder: LedgerFolder) -> tuple[object, ...]:
    return leased.firm_id, folder.id, folder.uidvalidity


async def gone(leased: Leased, folder: LedgerFolder, vanished: Iterable[int]) -> None:
    """These messages are no longer on the server. What was stored stays in the firm."""
    async with store.transaction(leased.firm_id):
        await history.lock(leased.firm_id)  # rows are locked before the mailbox, as by whoever switches on
        await check(leased)
        await store.execute(_GONE, leased.firm_id, folder.id, folder.uidvalidity, sorted(vanished), clock.now())
        await progress(leased)


_GONE = """
UPDATE occurrence SET gone_at = $5, state = CASE state WHEN 'PENDING' THEN 'SKIPPED' ELSE state END,
  skip_reason = CASE state WHEN 'PENDING' THEN 'GONE_FROM_SERVER' ELSE skip_reason END
WHERE firm_id = $1 AND folder_id = $2 AND uidvalidity = $3 AND uid = ANY($4::bigint[]) AND gone_at IS NULL
"""
