"""A regular e-mail written here, on its way through its mailbox's SMTP (RFC 6409, R45)."""

from models.letter.table import LetterState
from models.submission.cancelling import cancel_of_mailbox
from models.submission.queueing import NewSubmission, not_composed, queue
from models.submission.table import CopyState, Submission

__all__ = [
    "CopyState",
    "LetterState",
    "NewSubmission",
    "Submission",
    "cancel_of_mailbox",
    "not_composed",
    "queue",
]
