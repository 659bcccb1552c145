"""How runs end: finished, or cancelled; whoever started one is told what came of it (R27, R29)."""

from dataclasses import replace
from uuid import UUID

from models.bulk_update.listing import OF_THESE_KINDS, view_of
from models.bulk_update.words import told
from models.errors import ErrorCode, Refusal
from models.ground import store
from models.idempotency import Done
from models.journal import JournalKind
from models.notification import NotificationKind
from models.run import RunStatus, end, tell
from models.viewer import Viewer, must_manage_accounts


async def finish(by: Viewer, run_id: UUID) -> None:
    """All its items are done. Inside a transaction that holds the run, as `give_up` is."""
    await _end(by, run_id, RunStatus.FINISHED)


async def give_up(by: Viewer, run_id: UUID, reason: str) -> None:
    """It cannot begin, or go on; `reason` in plain words."""
    await _end(by, run_id, RunStatus.CANCELLED, reason)


async def cancel(by: Viewer, run_id: UUID) -> Done:
    """
    Items that are done stay so, the others are left alone; no worker goes on with the run.

    Answers the id. Raises NOT_ALLOWED without the right `manageAccounts`, NOT_FOUND, RUN_ENDED.
    """
    must_manage_accounts(by)
    async with store.transaction(by.firm_id) as tx:
        run = await store.row(_LOCKED, by.firm_id, run_id)
        if run is None:
            raise Refusal(ErrorCode.NOT_FOUND, "There is no such bulk update.", "id")
        if run["ended_at"] is not None:
            raise Refusal(ErrorCode.RUN_ENDED, "It has ended already. What it did can be undone.", "id")
        await _end(replace(by, run_id=run_id), run_id, RunStatus.CANCELLED)
    return Done((run_id,), tx.cursor)


_LOCKED = f"SELECT ended_at FROM run WHERE firm_id = $1 AND id = $2 AND {OF_THESE_KINDS} FOR NO KEY UPDATE"


async def _end(by: Viewer, run_id: UUID, status: RunStatus, reason: str | None = None) -> None:
    run = await end(by, run_id, status, reason)
    view = view_of({**run, "undone_by": None})
    kinds = JournalKind.BULK_UPDATE_ENDED, NotificationKind.BULK_UPDATE_FINISHED
    await tell(by, run, *kinds, lambda words: words.bulk_update_finished(told(view)))
