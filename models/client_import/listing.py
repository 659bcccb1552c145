"""Imports as the team sees them: one statement a list, whatever its size."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from models.client_import.client_import import ImportColumn, from_json
from models.client_import.values import RowError
from models.errors import ErrorCode
from models.ground import store
from models.ground.frozen import frozen
from models.ground.page import Order, Page, Window, page_of_each
from models.ground.page import page as read_page
from models.run import RunKind, RunStatus
from models.viewer import Viewer

NEWEST_FIRST = Order("NEWEST_FIRST", "r.started_at", "timestamptz", descending=True)
BY_ROW = Order("BY_ROW", "e.number", "integer")
FIGURES = (
    "rows_created",
    "rows_matched",
    "rows_with_errors",
    "accounts_created",
    "contacts_created",
    "contacts_matched",
    "invited",
)
"""As a run keeps them in its tallies, of the rows that are done."""


@frozen
class ClientImportView:
    """`rows`: of the file. `warnings`: about the file as a whole, and why the import was given up, if it was."""

    id: UUID
    status: RunStatus
    dry_run: bool
    columns: Sequence[ImportColumn]
    warnings: tuple[str, ...]
    rows: int
    rows_done: int
    rows_created: int
    rows_matched: int
    rows_with_errors: int
    accounts_created: int
    contacts_created: int
    contacts_matched: int
    invited: int
    started_by: UUID
    started_at: datetime
    ended_at: datetime | None
    reason: str | None

    @property
    def has_ended(self) -> bool:
        return self.ended_at is not None


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, ClientImportView]:
    runs = await store.rows(f"{_SELECT} {_FROM} AND r.id = ANY($2::uuid[])", by.firm_id, list(ids))
    return {run["id"]: view_of(run) for run in runs}


async def page(by: Viewer, window: Window) -> Page[ClientImportView]:
    return await read_page(
        f"{_SELECT}, {{sort}} {_FROM}", [by.firm_id], order=NEWEST_FIRST, window=window, read=view_of
    )


async def count(by: Viewer) -> int:
    imports: int = await store.value(f"SELECT count(*) {_FROM}", by.firm_id)
    return imports


_SELECT = """SELECT r.id, r.status, r.asked, r.started_by, r.started_at, r.ended_at, r.reason, r.total, r.done,
  r.tallies"""
_FROM = f"FROM run r WHERE r.firm_id = $1 AND r.kind = '{RunKind.CLIENT_IMPORT}'"


def view_of(run: Any) -> ClientImportView:
    wish, figures = from_json(run["asked"]), figures_of(run["tallies"])
    return ClientImportView(
        id=run["id"],
        status=RunStatus(run["status"]),
        dry_run=wish.dry_run,
        columns=wish.columns,
        warnings=(*wish.warnings, *([run["reason"]] if run["reason"] else [])),
        rows=run["total"],
        rows_done=run["done"],
        **{name: figures[name] for name in FIGURES},
        started_by=run["started_by"],
        started_at=run["started_at"],
        ended_at=run["ended_at"],
        reason=run["reason"],
    )


def figures_of(tallies: str) -> Mapping[str, int]:
    """All of FIGURES, zero where there was none, and whatever else a run's tallies hold."""
    figures: Mapping[str, int] = orjson.loads(tallies)
    return {**dict.fromkeys((*FIGURES, "last_number"), 0), **figures}


async def errors_of_imports(by: Viewer, ids: Sequence[UUID], window: Window) -> dict[UUID, Page[RowError]]:
    """A page of each import's errors, by row, of the rows that are done, in one statement."""
    return await page_of_each(ids, _ERRORS, [by.firm_id], order=BY_ROW, window=window, read=_error)


async def error_counts_of_imports(by: Viewer, ids: Sequence[UUID], _: None) -> dict[UUID, int]:
    runs = await store.rows(_COUNTS, by.firm_id, list(ids))
    return {run["run_id"]: run["errors"] for run in runs}


_ERRORS = """SELECT e.id, e.number, e.header, e.code, e.message, {sort} FROM client_import_error e
WHERE e.firm_id = $1 AND e.run_id = {parent}"""
_COUNTS = """
SELECT n.id AS run_id, c.errors FROM unnest($2::uuid[]) AS n(id) CROSS JOIN LATERAL (
  SELECT count(*) AS errors FROM client_import_error e WHERE e.firm_id = $1 AND e.run_id = n.id) c
"""


def _error(error: Any) -> RowError:
    return RowError(error["number"], error["header"], ErrorCode(error["code"]), error["message"])
