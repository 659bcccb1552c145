"""How imports end: finished, or given up; whoever started one is told what came of it (R40). A dry run tells nobody."""

from typing import Any
from uuid import UUID

from models import journal, notification
from models.client_import.listing import ClientImportView, view_of
from models.ground.checkpoint import checkpoint
from models.journal import Change, JournalKind, Subject
from models.notification import NewNotification, NotificationKind
from models.notification.import_words import ImportTold
from models.run import RunStatus, end
from models.viewer import Viewer


async def finish(by: Viewer, run_id: UUID) -> None:
    """All its rows are done. Runs inside a transaction that holds the run."""
    await _end(by, run_id, RunStatus.FINISHED)


async def give_up(by: Viewer, run_id: UUID, reason: str) -> None:
    """It cannot begin, or go on, for this reason, in plain words. Inside a transaction that holds the run."""
    await _end(by, run_id, RunStatus.CANCELLED, reason)


async def _end(by: Viewer, run_id: UUID, status: RunStatus, reason: str | None = None) -> None:
    row = await end(by, run_id, status, reason)
    if view_of(row).dry_run:
        return
    about = (Subject.IMPORT, run_id)
    journal.record(JournalKind.IMPORT_ENDED, by=by, subject=about, changes=[Change("status", None, status)])
    checkpoint("before whoever started an import is told of its end")
    await notification.raise_for_team(by, [_finished(row)])


def _finished(row: Any) -> NewNotification:
    view = view_of(row)
    return NewNotification(
        NotificationKind.IMPORT_FINISHED,
        view.id,
        view.id,
        lambda words: words.import_finished(_told(view)),
        only=view.started_by,
        started_by=view.started_by,
    )


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
