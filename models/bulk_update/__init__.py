"""
A bulk update: one run of "edit login, notify, email sync" over many accounts, with its report (R25 to R31).

Asked for by `start`, planned and gone through by a `Runner`, read by `Report`; `cancel` and `undo` end it or take it
back.
"""

from models.bulk_update.edit import AccountSelection, BulkEdit
from models.bulk_update.ending import cancel
from models.bulk_update.item import BulkAction, BulkOutcome
from models.bulk_update.listing import BulkUpdateView, Summary, by_ids, count, page
from models.bulk_update.preview import preview
from models.bulk_update.report import BulkUpdateItemView, Report, item_counts_of_runs, items_of_runs
from models.bulk_update.result import Result
from models.bulk_update.running import Runner
from models.bulk_update.starting import checked, start
from models.bulk_update.undoing import undo
from models.bulk_update.words import sentence

__all__ = [
    "AccountSelection",
    "BulkAction",
    "BulkEdit",
    "BulkOutcome",
    "BulkUpdateItemView",
    "BulkUpdateView",
    "Report",
    "Result",
    "Runner",
    "Summary",
    "by_ids",
    "cancel",
    "checked",
    "count",
    "item_counts_of_runs",
    "items_of_runs",
    "page",
    "preview",
    "sentence",
    "start",
    "undo",
]
