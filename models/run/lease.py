"""
One worker at a time goes on with a run, and one run of a firm at a time goes on (R27). The lease lives on the
database's clock, and its token goes up with every holder: each transaction of the holder checks it, so that one who was
thought dead writes nothing any more (fencing).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models.ground import store
from models.run.run import RunKind

SECONDS = 60
"""How long a lease lives unless it is renewed."""


class RunLost(Exception):
    """Another worker goes on with it by now, or somebody has cancelled it. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Held:
    """The right to go on with it. `failures`: how often in a row it has failed by itself until now."""

    firm_id: UUID
    run_id: UUID
    kind: RunKind
    token: int
    failures: int = 0


async def claim(owner: str, kinds: Sequence[RunKind]) -> Held | None:
    """
    The run that waits longest, since it was asked for or given back, of those whose turn it is; None: there is none. It
    is the turn of each firm's first unended run, unless somebody else holds it. `owner` may hold it still, where it
    could not give it back because the database was away.
    """
    run = await store.row(_CLAIM, owner, list(kinds), SECONDS)
    return Held(run["firm_id"], run["id"], RunKind(run["kind"]), run["lease_token"], run["failures"]) if run else None


UNENDED = "status IN ('QUEUED', 'RUNNING')"
_CLAIM = f"""
WITH due AS (
  SELECT r.id FROM run r
  WHERE r.{UNENDED} AND r.kind = ANY($2::text[])
    AND (r.lease_until IS NULL OR r.lease_until <= now() OR r.lease_owner = $1)
    AND NOT EXISTS (SELECT 1 FROM run o WHERE o.firm_id = r.firm_id AND o.{UNENDED} AND o.id < r.id)
  ORDER BY coalesce(r.lease_until, r.started_at), r.id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE run r SET lease_owner = $1, lease_token = r.lease_token + 1, lease_until = now() + make_interval(secs => $3)
FROM due WHERE r.id = due.id RETURNING r.firm_id, r.id, r.kind, r.lease_token, r.failures
"""


async def hold(held: Held) -> Any:
    """
    Locks the run, renews the lease for a minute, and answers its row. Runs in each writing transaction of the holder,
    after `firm.one_at_a_time` where that is taken. Raises RunLost.
    """
    run = await store.row(_HOLD, held.firm_id, held.run_id, held.token, SECONDS)
    if run is None:
        raise RunLost
    return run


_OURS = "firm_id = $1 AND id = $2 AND lease_token = $3 AND lease_owner IS NOT NULL"
_HOLD = f"UPDATE run SET lease_until = now() + make_interval(secs => $4) WHERE {_OURS} AND {UNENDED} RETURNING *"


async def put_off(held: Held, *, most: int, first: float, factor: int) -> int:
    """
    It has failed once more: answers how often in a row. Nobody goes on with it for `first` seconds, each further time
    `factor` times as long; the time that makes it `most`, the holder keeps it. Raises RunLost.
    """
    failures = await store.value(_PUT_OFF, held.firm_id, held.run_id, held.token, most, first, float(factor), SECONDS)
    if failures is None:
        raise RunLost
    return int(failures)


_PUT_OFF = f"""
UPDATE run SET failures = failures + 1, lease_owner = CASE WHEN failures + 1 >= $4 THEN lease_owner END,
  lease_until = now() + make_interval(secs => CASE WHEN failures + 1 >= $4 THEN $7 ELSE $5 * $6 ^ failures END)
WHERE {_OURS} AND {UNENDED} RETURNING failures
"""


async def release(held: Held) -> None:
    """Anybody may claim it at once; others that wait go first. Harmless where it is lost already."""
    query = f"UPDATE run SET lease_owner = NULL, lease_until = now() WHERE {_OURS}"
    await store.execute(query, held.firm_id, held.run_id, held.token)
