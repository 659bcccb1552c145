"""The database: opened once per process, reached by `rows` and `transaction` from anywhere."""

from models.ground.store.alone import NotAlone, must_be_alone
from models.ground.store.away import Away, why
from models.ground.store.connection import close, is_open, migrate, open_store, pending_migrations, tortoise_config
from models.ground.store.named import ALONE, NAME
from models.ground.store.sql import count, execute, measure_anew, row, rows, save_again, value
from models.ground.store.transaction import Transaction, current, transaction
from models.ground.store.where import AFRESH, FIRM, Where, for_many

__all__ = [
    "AFRESH",
    "ALONE",
    "FIRM",
    "NAME",
    "Away",
    "NotAlone",
    "Transaction",
    "Where",
    "close",
    "count",
    "current",
    "execute",
    "for_many",
    "is_open",
    "measure_anew",
    "migrate",
    "must_be_alone",
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
