"""Runs as the team sees them: one statement a list, whatever its size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from models.bulk_update.edit import BulkEdit, from_json
from models.bulk_update.item import BulkAction, BulkOutcome
from models.ground import store
from models.ground.frozen import frozen
from models.ground.page import Order, Page, Window
from models.ground.page import page as read_page
from models.run import RunKind, RunStatus
from models.toggles import Switch
from models.viewer import Viewer

NEWEST_FIRST = Order("NEWEST_FIRST", "r.started_at", "timestamptz", descending=True)
Tallies = Mapping[Switch, Mapping[BulkOutcome, int]]


@dataclass(frozen=True, slots=True)
class Summary:
    """`actions`: None for an undo."""

    account_count: int
    actions: Mapping[Switch, BulkAction] | None
    tallies: Tallies


@frozen
class BulkUpdateView:
    """
    `edit`: without its accounts; None for an undo. `total`: 0 until its items are planned. `tallies`: of items that are
    done. `reason`: why it could not begin, or go on.
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

    @property
    def summary(self) -> Summary:
        """Of the items that are done."""
        return Summary(self.account_count, actions_of(self.edit), self.tallies)


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, BulkUpdateView]:
    runs = await store.rows(f"{_SELECT} {_FROM} AND r.id = ANY($2::uuid[])", by.firm_id, list(ids))
    return {run["id"]: view_of(run) for run in runs}


async def page(by: Viewer, window: Window) -> Page[BulkUpdateView]:
    return await read_page(
        f"{_SELECT}, {{sort}} {_FROM}", [by.firm_id], order=NEWEST_FIRST, window=window, read=view_of
    )


async def count(by: Viewer) -> int:
    runs: int = await store.value(f"SELECT count(*) {_FROM}", by.firm_id)
    return runs


# its accounts may be a thousand ids, or a filter as long, for each run of a page; and no list shows them
_SELECT = """SELECT r.id, r.kind, r.status, r.asked || '{"accounts": {"ids": []}}' AS asked, r.started_by,
  r.started_at, r.ended_at, r.undoes, r.reason, r.account_count, r.total, r.done, r.turn, r.tallies,
  (SELECT u.id FROM run u WHERE u.firm_id = r.firm_id AND u.undoes = r.id) AS undone_by"""
KINDS = (RunKind.BULK_UPDATE, RunKind.UNDO)
OF_THESE_KINDS = f"kind IN ('{KINDS[0]}', '{KINDS[1]}')"
_FROM = f"FROM run r WHERE r.firm_id = $1 AND r.{OF_THESE_KINDS}"


def view_of(run: Any) -> BulkUpdateView:
    kind = RunKind(run["kind"])
    return BulkUpdateView(
        id=run["id"],
        kind=kind,
        status=RunStatus(run["status"]),
        edit=from_json(run["asked"]) if kind is RunKind.BULK_UPDATE else None,
        started_by=run["started_by"],
        started_at=run["started_at"],
        ended_at=run["ended_at"],
        undoes=run["undoes"],
        undone_by=run["undone_by"],
        reason=run["reason"],
        account_count=run["account_count"],
        total=run["total"],
        done=run["done"],
        turn=run["turn"],
        tallies=tallies_of(run["tallies"]),
    )


def tallies_of(text: str) -> Tallies:
    """With every outcome, zero where there was none."""
    counts = orjson.loads(text)
    return {switch: {outcome: counts.get(switch, {}).get(outcome, 0) for outcome in BulkOutcome} for switch in Switch}


def actions_of(edit: BulkEdit | None) -> Mapping[Switch, BulkAction] | None:
    return None if edit is None else {switch: edit.action(switch) for switch in Switch}
