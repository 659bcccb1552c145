"""A notice: an event raised for an account, and what became of it for each address (R14)."""

from models.notice.audience import AccountRef
from models.notice.listing import (
    NoticeLetterView,
    NoticeView,
    RecipientView,
    by_ids,
    counts_of_accounts,
    letters_of,
    of_accounts,
    recipients_of,
)
from models.notice.notice import NotifyOutcome
from models.notice.notifying import NewNotice, Notified, notify

__all__ = [
    "AccountRef",
    "NewNotice",
    "NoticeLetterView",
    "NoticeView",
    "Notified",
    "NotifyOutcome",
    "RecipientView",
    "by_ids",
    "counts_of_accounts",
    "letters_of",
    "notify",
    "of_accounts",
    "recipients_of",
]
