"""One synced message, stored once per firm, linked to every account whose toggles ask for it (R18, R21)."""

from models.email.email import EmailDirection
from models.email.forgetting import forget
from models.email.listing import (
    AttachmentView,
    EmailBody,
    EmailFilter,
    EmailView,
    accounts_of,
    attachments_by_ids,
    attachments_of,
    bodies,
    by_ids,
    count,
    counts_of_accounts,
    linked_page,
    of_accounts,
    page,
    participants_of,
)
from models.email.message import Message, MessageAttachment
from models.email.receiving import Incoming, Received, receive
from models.email.writing import write

__all__ = [
    "AttachmentView",
    "EmailBody",
    "EmailDirection",
    "EmailFilter",
    "EmailView",
    "Incoming",
    "Message",
    "MessageAttachment",
    "Received",
    "accounts_of",
    "attachments_by_ids",
    "attachments_of",
    "bodies",
    "by_ids",
    "count",
    "counts_of_accounts",
    "forget",
    "linked_page",
    "of_accounts",
    "page",
    "participants_of",
    "receive",
    "write",
]
