"""Which messages of the ledger are fetched, in which order, and how many are left."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from models import stored_file
from models.email import history
from models.ground import clock, store
from models.mailbox.folders import LedgerFolder
from models.mailbox.lease import Leased, check
from models.mailbox.mailbox import FolderKind, OccurrenceState, SkipReason

MOST_TRIES = 3
"""Times that a header or message is asked for which the server lists but does not hand out."""
MOST_CUTS = 12
"""Times where the connection broke each time, which may be the network's fault; they take about an hour."""


@dataclass(frozen=True, slots=True)
class Pending:
    """`tries` that have failed. `in_sent`: it lies in a folder of sent mail."""

    id: UUID
    uid: int
    size: int
    received_at: datetime
    arrival: bool
    tries: int
    in_sent: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """
    What became of a pending message. Quarantined with its raw file where there is one, and with the reason. `hashes`:
    of who takes part, where the message says it otherwise than its header did.
    """

    id: UUID
    state: OccurrenceState
    email_id: UUID | None = None
    skip: SkipReason | None = None
    raw_file: str | None = None
    reason: str | None = None
    hashes: tuple[bytes, ...] | None = None


async def due(leased: Leased, folder: LedgerFolder, *, most: int, besides: Collection[UUID] = ()) -> list[Pending]:
    """
    Newest arrivals first, then history from the newest back; without what failed before, and what is being fetched
    already (`besides`). A message that nobody asks for any more is settled without fetching its body (R18).
    """
    occurrences = await store.rows(_DUE, *_place(leased, folder), list(besides), most)
    unasked = await _unasked(leased, occurrences)
    if unasked:
        await _settle_unasked(leased, occurrences)
    return [_pending(occurrence, folder) for occurrence in occurrences if occurrence["id"] not in unasked]


async def _unasked(leased: Leased, occurrences: Sequence[Any]) -> set[UUID]:
    met = {hash_ for occurrence in occurrences for hash_ in occurrence["hashes"]}
    asked_for = await switched_on(leased.firm_id, met) | await _switched_on_before(leased.firm_id, met)
    return {occurrence["id"] for occurrence in occurrences if asked_for.isdisjoint(occurrence["hashes"])}


async def _settle_unasked(leased: Leased, occurrences: Sequence[Any]) -> None:
    """Asks again, under the lock of switching on: `due` asks without it, else storing would hold up fetching."""
    async with store.transaction(leased.firm_id):
        await history.lock(leased.firm_id)
        await check(leased)
        skipped, reason = OccurrenceState.SKIPPED, SkipReason.NOT_SWITCHED_ON
        unasked = await _unasked(leased, occurrences)
        await settle(leased, [Settled(occurrence_id, skipped, skip=reason) for occurrence_id in unasked])


_IS_DUE = """firm_id = $1 AND folder_id = $2 AND uidvalidity = $3 AND mailbox_id = $4
  AND state = 'PENDING' AND gone_at IS NULL"""
_DUE = f"""
SELECT * FROM occurrence WHERE {_IS_DUE} AND attempts = 0 AND id <> ALL($5::uuid[])
ORDER BY arrival DESC, received_at DESC, uid DESC LIMIT $6
"""


def _place(leased: Leased, folder: LedgerFolder) -> tuple[UUID, UUID, int, UUID]:
    return leased.firm_id, folder.id, folder.uidvalidity, leased.mailbox_id


def _pending(occurrence: Any, folder: LedgerFolder) -> Pending:
    in_sent = folder.kind is FolderKind.SENT
    return Pending(
        occurrence["id"],
        occurrence["uid"],
        occurrence["size"],
        occurrence["received_at"],
        occurrence["arrival"],
        occurrence["attempts"],
        in_sent,
    )


async def remains(leased: Leased, folder: LedgerFolder, *, besides: Collection[UUID] = ()) -> bool:
    """Whether anything is left to fetch in this folder that has not failed before and is not under way."""
    query = f"""SELECT EXISTS (SELECT 1 FROM occurrence WHERE {_IS_DUE} AND attempts = 0 AND id <> ALL($5::uuid[]))"""
    return bool(await store.value(query, *_place(leased, folder), list(besides)))


async def failed_before(leased: Leased, folder: LedgerFolder, *, most: int = 200) -> list[Pending]:
    """Messages to be tried again, one by one; those with the fewest tries first."""
    query = f"SELECT * FROM occurrence WHERE {_IS_DUE} AND attempts > 0 ORDER BY attempts, uid LIMIT $5"
    occurrences = await store.rows(query, *_place(leased, folder), most)
    return [_pending(occurrence, folder) for occurrence in occurrences]


async def switched_on(firm_id: UUID, hashes: Iterable[bytes]) -> set[bytes]:
    """Which of these hashes are of an address with Email sync on; it stays so only under `history.lock`."""
    return {address["hash"] for address in await store.rows(_SWITCHED_ON.format("hash"), firm_id, list(hashes))}


async def _switched_on_before(firm_id: UUID, hashes: Iterable[bytes]) -> set[bytes]:
    """The same for hashes by the firm's key before. Whose address it really is, the headers say once fetched."""
    return {address["hash"] for address in await store.rows(_SWITCHED_ON.format("hash_before"), firm_id, list(hashes))}


_SWITCHED_ON = (
    store.AFRESH
    + """
SELECT e.{0} AS hash FROM email_address e WHERE e.firm_id = $1 AND e.{0} = ANY($2::bytea[]) AND EXISTS (
  SELECT 1 FROM toggles t JOIN account a ON a.firm_id = t.firm_id AND a.id = t.account_id AND a.archived_at IS NULL
  WHERE t.firm_id = $1 AND t.address_id = e.id AND t.email_sync)
"""
)


async def settle(leased: Leased, outcomes: Sequence[Settled]) -> None:
    """Writes outcomes, and drops files named no more. In the transaction that stores messages, after `check`."""
    ids = [outcome.id for outcome in outcomes]
    kept_so_far = await store.rows(_KEPT_SO_FAR, leased.firm_id, ids)
    await stored_file.drop(leased.firm_id, [occurrence["raw_file"] for occurrence in kept_so_far])
    await store.execute(
        _SETTLE,
        leased.firm_id,
        clock.now(),
        ids,
        [outcome.state for outcome in outcomes],
        [outcome.email_id for outcome in outcomes],
        [outcome.skip for outcome in outcomes],
        [outcome.raw_file for outcome in outcomes],
        [outcome.reason[:500] if outcome.reason else None for outcome in outcomes],
    )
    if otherwise := [
        {"id": outcome.id, "hashes": [hash_.hex() for hash_ in outcome.hashes]}
        for outcome in outcomes
        if outcome.hashes
    ]:
        await store.execute(_HASHES, leased.firm_id, orjson.dumps(otherwise, default=str).decode())
    await progress(leased)


# of what was quarantined and is tried again
_KEPT_SO_FAR = "SELECT raw_file FROM occurrence WHERE firm_id = $1 AND id = ANY($2::uuid[]) AND raw_file IS NOT NULL"
# each by its id alone: while the ledger is new, all its indexes that begin with the firm seem as good as that
_SETTLE = """
UPDATE occurrence o SET state = n.state, email_id = n.email_id, skip_reason = n.skip,
  raw_file = CASE n.skip WHEN 'GONE_FROM_SERVER' THEN o.raw_file ELSE n.raw_file END,
  reason = n.reason, attempts = 0, gone_at = CASE n.skip WHEN 'GONE_FROM_SERVER' THEN $2::timestamptz ELSE o.gone_at END
FROM unnest($3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[])
  AS n(id, state, email_id, skip, raw_file, reason),
LATERAL (SELECT p.id, p.firm_id FROM occurrence p WHERE p.id = n.id OFFSET 0) p
WHERE p.firm_id = $1 AND o.id = p.id
"""


_HASHES = """
UPDATE occurrence o SET hashes = ARRAY(SELECT decode(hash, 'hex') FROM unnest(n.hashes) AS hash)
FROM jsonb_to_recordset($2::text::jsonb) AS n(id uuid, hashes text[]) WHERE o.firm_id = $1 AND o.id = n.id
"""


async def progress(leased: Leased) -> None:
    """
    Counts how much of the history is still to be fetched; both figures are 0 when nothing is. Until then neither falls:
    where more is left than was counted, the whole grows.
    """
    await store.execute(_PROGRESS, leased.firm_id, leased.mailbox_id)


_PROGRESS = """
UPDATE mailbox b
SET backfill_done = CASE WHEN p.n = 0 THEN 0 ELSE greatest(b.backfill_done, b.backfill_total - p.n) END,
  backfill_total = CASE WHEN p.n = 0 THEN 0 ELSE greatest(b.backfill_total, b.backfill_done + p.n) END
FROM (SELECT count(*) AS n FROM occurrence WHERE firm_id = $1 AND mailbox_id = $2 AND state = 'PENDING'
      AND gone_at IS NULL AND NOT arrival) p
WHERE b.firm_id = $1 AND b.id = $2 AND b.backfill_total > 0
"""


async def failed_once_more(leased: Leased, ids: Sequence[UUID]) -> None:
    """They wait behind all others, and are asked for one by one, once a pass."""
    async with store.transaction(leased.firm_id):
        await check(leased)
        query = "UPDATE occurrence SET attempts = attempts + 1 WHERE firm_id = $1 AND id = ANY($2::uuid[])"
        await store.execute(query, leased.firm_id, list(ids))
