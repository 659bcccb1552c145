"""How a run ends, of whatever kind; whoever started it is told what came of it (R27, R29, R40)."""

from typing import Any
from uuid import UUID

from models import journal, notification
from models.ground import clock, store
from models.ground.checkpoint import checkpoint
from models.journal import Change, JournalKind
from models.notification import NewNotification, NotificationKind, Said
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


async def tell(by: Viewer, run: Any, ended: JournalKind, finished: NotificationKind, words: Said) -> None:
    """Of a run that `end` has ended, in that transaction."""
    about = (RunKind(run["kind"]).subject, run["id"])
    journal.record(ended, by=by, subject=about, changes=[Change("status", None, run["status"])])
    checkpoint("before whoever started a run is told of its end")
    starter = run["started_by"]
    await notification.raise_for_team(
        by, [NewNotification(finished, run["id"], run["id"], words, only=starter, started_by=starter)]
    )
