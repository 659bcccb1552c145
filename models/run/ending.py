"""How a run ends, of whatever kind."""

from typing import Any
from uuid import UUID

from models.ground import clock, store
from models.run.run import RunKind, RunStatus
from models.run.telling import moved
from models.viewer import Viewer


async def end(by: Viewer, run_id: UUID, status: RunStatus, reason: str | None = None) -> Any:
    """Nobody goes on with it any more. Answers its row; runs inside a transaction that holds it."""
    run = await store.row(_END, by.firm_id, run_id, status, clock.now(), reason)
    assert run is not None, "whoever ends it holds it"
    moved(by, RunKind(run["kind"]), run_id)
    return run


async def close(firm_id: UUID, run_id: UUID) -> None:
    """CANCELLED without a word to anybody: what fails is to tell of its end."""
    await store.row(_END, firm_id, run_id, RunStatus.CANCELLED, clock.now(), None)


_END = """
UPDATE run SET status = $3, ended_at = $4, reason = $5, lease_owner = NULL, lease_until = NULL
WHERE firm_id = $1 AND id = $2 RETURNING *
"""
