"""A run is asked for: it waits for its turn, behind those of its firm that have not ended (R27)."""

from dataclasses import dataclass, replace
from uuid import UUID

from uuid_utils.compat import uuid7

from models import firm
from models.errors import ErrorCode, Refusal
from models.ground import clock, store
from models.run.lease import UNENDED
from models.run.run import RunKind, RunStatus
from models.run.telling import moved
from models.viewer import JournalSource, Viewer

MOST_WAITING = 100
"""Of a firm, of all kinds; a double click, or a script that repeats itself, is not to keep it busy for a week."""


@dataclass(frozen=True, slots=True)
class NewRun:
    """`input`: as JSON. `total`: in items, where they are known already."""

    kind: RunKind
    input: str
    undoes: UUID | None = None
    total: int = 0


async def write(by: Viewer, new: NewRun) -> Viewer:
    """
    Answers who acts for the run, with its `run_id`. Runs inside a transaction, and takes `firm.one_at_a_time`: a firm's
    runs take turns in the order of their ids, so each is written before the next gets its id.

    Raises INVALID where 100 of the firm have not ended yet.
    """
    await firm.one_at_a_time(by.firm_id)
    await must_have_room(by)
    run_id = uuid7()
    whose = (by.member_id, by.source, by.session_id if by.source is JournalSource.API_TOKEN else None)
    values = (run_id, by.firm_id, new.kind, RunStatus.QUEUED, new.input, new.undoes, *whose, clock.now(), new.total)
    await store.execute(_WRITE, *values)
    acting = replace(by, run_id=run_id)
    moved(acting, new.kind, run_id)
    return acting


_WRITE = """
INSERT INTO run (id, firm_id, kind, status, asked, undoes, started_by, source, token_id, started_at, total)
VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, $7, $8, $9, $10, $11)
"""


async def must_have_room(by: Viewer) -> None:
    """Raises INVALID."""
    waiting = await store.value(f"SELECT count(*) FROM run WHERE firm_id = $1 AND {UNENDED}", by.firm_id)
    if waiting >= MOST_WAITING:
        message = f"{waiting:,} bulk updates and imports of this firm have not ended yet. Wait for one to end."
        raise Refusal(ErrorCode.INVALID, message)
