"""Runs and their reports as the team sees them: one statement a list, whatever its size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from models.bulk_update.edit import BulkEdit, from_json
from models.bulk_update.planning import Statement, count_chosen, planned
from models.bulk_update.result import Result, result_of
from models.bulk_update.table import BulkAction, BulkOutcome
from models.ground import store
from models.ground.frozen import frozen
from models.ground.page import Order, Page, Window
from models.ground.page import page as read_page
from models.run import RunKind, RunStatus
from models.toggles import Switch
from models.viewer import Viewer

NEWEST_FIRST = Order("NEWEST_FIRST", "r.started_at", "timestamptz", descending=True)
AS_REPORTED = Order("AS_REPORTED", "i.place", "integer", id_column="i.account_id")
Tallies = Mapping[Switch, Mapping[BulkOutcome, int]]


@frozen
class BulkUpdateView:
    """
    `edit`: None of an undo. `total`: 0 until its items are planned. `tallies`: of what has ended so far. `reason`: why
    it could not begin.
    """

    id: UUID
    kind: RunKind
    status: RunStatus
    edit: BulkEdit | None
    started_by: UUID
    started_at: datetime
    ended_at: datetime | None
    undoes: UUID | None
    undone_by: UUID | None
    reason: str | None
    account_count: int
    total: int
    done: int
    turn: int
    tallies: Tallies

    @property
    def has_ended(self) -> bool:
        return self.ended_at is not None


@dataclass(frozen=True, slots=True)
class Summary:
    """`actions`: None of an undo."""

    account_count: int
    actions: Mapping[Switch, BulkAction] | None
    tallies: Tallies


@frozen
class BulkUpdateItemView:
    """`results`: None for a switch of which nothing was asked. `toggles_id`: None where there is no address."""

    place: int
    account_id: UUID
    address_id: UUID | None
    contact_ids: tuple[UUID, ...]
    toggles_id: UUID | None
    results: Mapping[Switch, Result | None]


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, BulkUpdateView]:
    rows = await store.rows(f"{_SELECT} {_FROM} AND r.id = ANY($2::uuid[])", by.firm_id, list(ids))
    return {row["id"]: view_of(row) for row in rows}


async def page(by: Viewer, window: Window) -> Page[BulkUpdateView]:
    return await read_page(
        f"{_SELECT}, {{sort}} {_FROM}", [by.firm_id], order=NEWEST_FIRST, window=window, read=view_of
    )


async def count(by: Viewer) -> int:
    found: int = await store.value(f"SELECT count(*) {_FROM}", by.firm_id)
    return found


_SELECT = """SELECT r.id, r.kind, r.status, r.asked, r.started_by, r.started_at, r.ended_at, r.undoes, r.reason,
  r.account_count, r.total, r.done, r.turn, r.tallies,
  (SELECT u.id FROM run u WHERE u.firm_id = r.firm_id AND u.undoes = r.id) AS undone_by"""
_FROM = "FROM run r WHERE r.firm_id = $1"


def view_of(row: Any) -> BulkUpdateView:
    kind = RunKind(row["kind"])
    return BulkUpdateView(
        id=row["id"],
        kind=kind,
        status=RunStatus(row["status"]),
        edit=from_json(row["asked"]) if kind is RunKind.BULK_UPDATE else None,
        started_by=row["started_by"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        undoes=row["undoes"],
        undone_by=row["undone_by"],
        reason=row["reason"],
        account_count=row["account_count"],
        total=row["total"],
        done=row["done"],
        turn=row["turn"],
        tallies=tallies_of(row["tallies"]),
    )


def tallies_of(text: str) -> Tallies:
    """All of them, zero where nothing came out so."""
    told = orjson.loads(text)
    return {switch: {outcome: told.get(switch, {}).get(outcome, 0) for outcome in BulkOutcome} for switch in Switch}


class Report:
    """What a run would do, or has done so far (R28)."""

    def __init__(self, by: Viewer, items: Statement, summary: Summary | None, edit: BulkEdit | None) -> None:
        self._by, self._items, self._summary, self._edit = by, items, summary, edit

    @classmethod
    def of_run(cls, by: Viewer, run: BulkUpdateView) -> "Report":
        """Of the items that have ended."""
        items = Statement(_ENDED, (by.firm_id, run.id, run.turn))
        return cls(by, items, Summary(run.account_count, _actions(run.edit), run.tallies), run.edit)

    @classmethod
    def of_plan(cls, by: Viewer, edit: BulkEdit) -> "Report":
        """Of what the run would do now. `edit` has been checked."""
        return cls(by, planned(by, edit), None, edit)

    async def summary(self) -> Summary:
        if self._summary is None:
            assert self._edit is not None, "only a bulk update is previewed"
            accounts = await count_chosen(self._by, self._edit.accounts)
            self._summary = Summary(accounts, _actions(self._edit), await tallies(self._items))
        return self._summary

    async def items(self, outcome: BulkOutcome | None, window: Window) -> Page[BulkUpdateItemView]:
        """By account code, then address. `outcome`: at least one of the three settings came out so."""
        args = [*self._items.args, outcome]
        select = _ITEMS.format(items=self._items.text, outcome=f"${len(args)}", sort="{sort}")
        return await read_page(select, args, order=AS_REPORTED, window=window, read=_item)

    async def count(self, outcome: BulkOutcome | None) -> int:
        [row] = await self._items.rows(f"SELECT count(*) AS items FROM ({{plan}}) i WHERE {_CAME_OUT}", outcome)
        items: int = row["items"]
        return items


def _actions(edit: BulkEdit | None) -> Mapping[Switch, BulkAction] | None:
    return None if edit is None else {switch: edit.action(switch) for switch in Switch}


_ENDED = "SELECT * FROM bulk_update_item WHERE firm_id = $1 AND run_id = $2 AND turn <= $3"
_CAME_OUT = f"({{0}}::text IS NULL OR {{0}} IN ({', '.join(f'i.{switch}_outcome' for switch in Switch)}))"
_ITEMS = f"""
SELECT i.*, i.account_id AS id, CASE WHEN i.contact_id IS NOT NULL THEN ARRAY[i.contact_id] ELSE ARRAY(
    SELECT h.contact_id FROM contact_email h WHERE h.firm_id = $1 AND h.address_id = i.address_id AND EXISTS (
      SELECT 1 FROM account_contact l
      WHERE l.firm_id = $1 AND l.contact_id = h.contact_id AND l.account_id = i.account_id)
    ORDER BY 1) END AS contact_ids,
  {{sort}}
FROM ({{items}}) i WHERE {_CAME_OUT.replace("{0}", "{outcome}")}"""


def _item(row: Any) -> BulkUpdateItemView:
    return BulkUpdateItemView(
        place=row["place"],
        account_id=row["account_id"],
        address_id=row["address_id"],
        contact_ids=tuple(row["contact_ids"]),
        toggles_id=row["toggles_id"],
        results={switch: result_of(row, switch) for switch in Switch},
    )


async def tallies(items: Statement) -> Tallies:
    [row] = await items.rows(f"SELECT {_TALLIES} FROM ({{plan}}) i")
    return {switch: {outcome: row[f"{switch}_{outcome.lower()}"] for outcome in BulkOutcome} for switch in Switch}


_TALLIES = ", ".join(
    f"count(*) FILTER (WHERE i.{switch}_outcome = '{outcome}') AS {switch}_{outcome.lower()}"
    for switch in Switch
    for outcome in BulkOutcome
)
