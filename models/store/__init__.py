"""The database: opened once per process, reached by `rows` and `transaction` from anywhere."""

from models.store.away import Away, why
from models.store.connection import close, is_open, migrate, open_store, pending_migrations, tortoise_config
from models.store.sql import execute, row, rows, save_again, value
from models.store.transaction import Transaction, current, transaction
from models.store.where import AFRESH, Where

__all__ = [
    "AFRESH",
    "Away",
    "Transaction",
    "Where",
    "close",
    "current",
    "execute",
    "is_open",
    "migrate",
    "open_store",
    "pending_migrations",
    "row",
    "rows",
    "save_again",
    "tortoise_config",
    "transaction",
    "value",
    "why",
]
