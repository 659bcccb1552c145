"""A file in an account's Documents (R20)."""

from models.document.document import NotSavedReason
from models.document.fitness import LARGEST, unfit
from models.document.listing import (
    DocumentView,
    by_ids,
    counts_of_accounts,
    of_accounts,
    of_attachments,
    page_where,
)
from models.document.saving import Link, save

__all__ = [
    "LARGEST",
    "DocumentView",
    "Link",
    "NotSavedReason",
    "by_ids",
    "counts_of_accounts",
    "of_accounts",
    "of_attachments",
    "page_where",
    "save",
    "unfit",
]
