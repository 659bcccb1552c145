"""Tells those who follow a run that it has changed."""

from uuid import UUID

from models import journal
from models.journal import FeedKind
from models.run.run import RunKind
from models.viewer import Viewer


def moved(by: Viewer, kind: RunKind, run_id: UUID) -> None:
    """Its state, or how far it is, has changed. Runs inside the transaction that changed it."""
    journal.record(FeedKind.RUN_MOVED, by=by, subject=(kind.subject, run_id))
