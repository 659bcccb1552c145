"""A regular e-mail written here, on its way through its mailbox's SMTP (RFC 6409, R45)."""

from models.letter.letter import LetterState
from models.submission.attaching import AttachmentRef
from models.submission.cancelling import cancel_of_mailbox
from models.submission.hurrying import hurry
from models.submission.mailbox import limit
from models.submission.queueing import NewSubmission, not_composed, queue
from models.submission.recipients import ReplyRecipients
from models.submission.writing import NewEmail, Reply, reply, send

__all__ = [
    "AttachmentRef",
    "LetterState",
    "NewEmail",
    "NewSubmission",
    "Reply",
    "ReplyRecipients",
    "cancel_of_mailbox",
    "hurry",
    "limit",
    "not_composed",
    "queue",
    "reply",
    "send",
]
