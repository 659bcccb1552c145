"""
The import of clients: from a file of a few thousand rows each is there afterwards, or comes back to be mended (R40).

Asked for by `start`, carried out by a `Runner`; a dry run goes the same way and changes nothing.
"""

from models.client_import.client_import import ImportColumn
from models.client_import.columns import ImportField, Target
from models.client_import.listing import (
    ClientImportView,
    by_ids,
    count,
    error_counts_of_imports,
    errors_of_imports,
    page,
)
from models.client_import.running import Runner
from models.client_import.starting import NewImport, start
from models.client_import.values import RowError

__all__ = [
    "ClientImportView",
    "ImportColumn",
    "ImportField",
    "NewImport",
    "RowError",
    "Runner",
    "Target",
    "by_ids",
    "count",
    "error_counts_of_imports",
    "errors_of_imports",
    "page",
    "start",
]
