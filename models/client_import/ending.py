"""How imports end: finished, or given up; whoever started one is told what came of it (R40). A dry run tells nobody."""

from uuid import UUID

from models.client_import.listing import ClientImportView, view_of
from models.journal import JournalKind
from models.notification import NotificationKind
from models.notification.import_words import ImportTold
from models.run import RunStatus, end, tell
from models.viewer import Viewer


async def finish(by: Viewer, run_id: UUID) -> None:
    """All its rows are done. Runs inside a transaction that holds the run."""
    await _end(by, run_id, RunStatus.FINISHED)


async def give_up(by: Viewer, run_id: UUID, reason: str) -> None:
    """It cannot begin, or go on; `reason` in plain words. Inside a transaction that holds the run."""
    await _end(by, run_id, RunStatus.CANCELLED, reason)


async def _end(by: Viewer, run_id: UUID, status: RunStatus, reason: str | None = None) -> None:
    run = await end(by, run_id, status, reason)
    if not (view := view_of(run)).dry_run:
        kinds = JournalKind.IMPORT_ENDED, NotificationKind.IMPORT_FINISHED
        await tell(by, run, *kinds, lambda words: words.import_finished(_told(view)))


def _told(view: ClientImportView) -> ImportTold:
    return ImportTold(
        rows=view.rows,
        done=view.rows_done,
        created=view.rows_created,
        matched=view.rows_matched,
        errors=view.rows_with_errors,
        accounts=view.accounts_created,
        contacts=view.contacts_created,
        invited=view.invited,
        stopped=view.status is RunStatus.CANCELLED,
        reason=view.reason,
    )
