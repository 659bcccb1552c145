"""An account: a client of the firm, with a short code unique in the firm."""

from models.account.account import Account, AccountKind, LoginIndicator, LoginStatus
from models.account.changing import NewAccount, archive, create, update
from models.account.listing import (
    FROM,
    AccountFilter,
    AccountOrder,
    AccountView,
    by_ids,
    count,
    counts_of_contacts,
    matching,
    of_contacts,
    page,
)

__all__ = [
    "FROM",
    "Account",
    "AccountFilter",
    "AccountKind",
    "AccountOrder",
    "AccountView",
    "LoginIndicator",
    "LoginStatus",
    "NewAccount",
    "archive",
    "by_ids",
    "count",
    "counts_of_contacts",
    "create",
    "matching",
    "of_contacts",
    "page",
    "update",
]
