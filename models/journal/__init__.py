"""
The append-only record of every change: audit trail and source of every live feed.

A transaction's entries get consecutive positions from the firm's counter row in its last statement, so that the order
of commits is the order of positions and there are no gaps. All entries of a transaction are one `Batch`: feeds give it
whole, and its last position is the cursor of the change.
"""

from models.journal.entry import (
    WINDOW_DAYS,
    WINDOW_POSITIONS,
    Batch,
    Change,
    Effect,
    Entry,
    FeedKind,
    JournalKind,
    Subject,
)
from models.journal.following import head, heads, reaches_back_to, since
from models.journal.recording import changes_between, record, stamp, wake_by
from models.journal.trail import JournalFilter, by_ids, count, page

__all__ = [
    "WINDOW_DAYS",
    "WINDOW_POSITIONS",
    "Batch",
    "Change",
    "Effect",
    "Entry",
    "FeedKind",
    "JournalFilter",
    "JournalKind",
    "Subject",
    "by_ids",
    "changes_between",
    "count",
    "head",
    "heads",
    "page",
    "reaches_back_to",
    "record",
    "since",
    "stamp",
    "wake_by",
]
