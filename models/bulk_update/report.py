"""Reports: what runs would do, or have done so far, item by item (R28)."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from models.bulk_update.edit import BulkEdit
from models.bulk_update.item import BulkOutcome
from models.bulk_update.listing import BulkUpdateView, Summary, Tallies, actions_of
from models.bulk_update.planning import Statement, count_chosen, planned
from models.bulk_update.result import Result, result_of
from models.ground import store
from models.ground.frozen import frozen
from models.ground.page import Order, Page, Window, page_of_each
from models.ground.page import page as read_page
from models.toggles import Switch
from models.viewer import Viewer

AS_REPORTED = Order("AS_REPORTED", "i.place", "integer", id_column="i.account_id")
"""By account code, then address."""
Part = tuple[BulkOutcome | None, Window]
"""Of the items of which at least one of the three settings came out so (None: all), these."""


_turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
"""
By firm. A plan of many may take a second, and one document asks for dozens: one at a time, so that nobody's previews
take the connections of others (P7).
"""


@frozen
class BulkUpdateItemView:
    """
    `results`: None for a switch of which nothing was asked. `toggles_id`: None where there is no address.
    `contact_ids`: those that hold the address there now; without an address, the contact that has none.
    """

    place: int
    account_id: UUID
    address_id: UUID | None
    contact_ids: tuple[UUID, ...]
    toggles_id: UUID | None
    results: Mapping[Switch, Result | None]


class Report:
    """Of one run, or of a plan. All figures come from one statement, whichever are asked for."""

    def __init__(self, by: Viewer, items: Statement, *, run: BulkUpdateView | None, edit: BulkEdit | None) -> None:
        self._by, self._items, self._run, self._edit = by, items, run, edit
        self._turn = nullcontext() if run else _turns.setdefault(by.firm_id, asyncio.Lock())
        self._figures: Any = None

    @classmethod
    def of_run(cls, by: Viewer, run: BulkUpdateView) -> "Report":
        """Of the items that are done."""
        return cls(by, Statement(_ENDED.format(run="$2"), (by.firm_id, run.id)), run=run, edit=run.edit)

    @classmethod
    def of_plan(cls, by: Viewer, edit: BulkEdit) -> "Report":
        """Of what the run would do now. `edit` must have been checked."""
        return cls(by, planned(by, edit), run=None, edit=edit)

    async def summary(self) -> Summary:
        if self._run:
            return self._run.summary
        assert self._edit is not None, "only a bulk update is previewed"
        async with self._turn:
            accounts = await count_chosen(self._by, self._edit.accounts)
        return Summary(accounts, actions_of(self._edit), _tallies(await self._counted()))

    async def count(self, outcome: BulkOutcome | None) -> int:
        counted: int = (await self._counted())[_name(outcome)]
        return counted

    async def items(self, outcome: BulkOutcome | None, window: Window) -> Page[BulkUpdateItemView]:
        args = [*self._items.args, outcome]
        select = _select(self._items.text, f"${len(args)}")
        async with self._turn:
            return await read_page(select, args, order=AS_REPORTED, window=window, read=_item)

    async def _counted(self) -> Any:
        async with self._turn:
            if self._figures is None:
                [self._figures] = await self._items.rows(_FIGURES)
        return self._figures


async def items_of_runs(by: Viewer, run_ids: Sequence[UUID], part: Part) -> dict[UUID, Page[BulkUpdateItemView]]:
    """A page of each run's items that are done, in one statement."""
    outcome, window = part
    select = _select(_ENDED.format(run="{parent}"), "$2")
    return await page_of_each(run_ids, select, [by.firm_id, outcome], order=AS_REPORTED, window=window, read=_item)


async def item_counts_of_runs(by: Viewer, run_ids: Sequence[UUID], outcome: BulkOutcome | None) -> dict[UUID, int]:
    runs = await store.rows(store.AFRESH + _COUNTS, by.firm_id, outcome, list(run_ids))
    return {run["run_id"]: run["items"] for run in runs}


_ENDED = """SELECT b.* FROM run r JOIN bulk_update_item b ON b.firm_id = r.firm_id AND b.run_id = r.id
  AND b.turn <= r.turn WHERE r.firm_id = $1 AND r.id = {run}"""
_CAME_OUT = f"{{outcome}} IN ({', '.join(f'i.{switch}_outcome' for switch in Switch)})"
_ITEMS = f"""{store.AFRESH}
SELECT i.*, i.account_id AS id, CASE WHEN i.contact_id IS NOT NULL THEN ARRAY[i.contact_id] ELSE ARRAY(
    SELECT h.contact_id FROM contact_email h WHERE h.firm_id = $1 AND h.address_id = i.address_id AND EXISTS (
      SELECT 1 FROM account_contact l
      WHERE l.firm_id = $1 AND l.contact_id = h.contact_id AND l.account_id = i.account_id)
    ORDER BY 1) END AS contact_ids, {{sort}}
FROM ({{items}}) i WHERE ({{outcome}}::text IS NULL OR {_CAME_OUT})"""
_COUNTS = f"""
SELECT c.id AS run_id, n.items FROM unnest($3::uuid[]) AS c(id) CROSS JOIN LATERAL (
  SELECT count(*) AS items FROM ({_ENDED.format(run="c.id")}) i
  WHERE $2::text IS NULL OR {_CAME_OUT.format(outcome="$2")}) n"""


def _select(items: str, outcome: str) -> str:
    """With the places that a page fills left open."""
    return _ITEMS.format(items=items, outcome=outcome, sort="{sort}")


def _item(item: Any) -> BulkUpdateItemView:
    return BulkUpdateItemView(
        place=item["place"],
        account_id=item["account_id"],
        address_id=item["address_id"],
        contact_ids=tuple(item["contact_ids"]),
        toggles_id=item["toggles_id"],
        results={switch: result_of(item, switch) for switch in Switch},
    )


def _name(outcome: BulkOutcome | None, switch: Switch | None = None) -> str:
    return f"{switch or 'items'}_{outcome or 'all'}".lower()


def _figure(condition: str, name: str) -> str:
    return f"count(*) FILTER (WHERE {condition}) AS {name}"


_BY_OUTCOME = (_figure(_CAME_OUT.format(outcome=f"'{outcome}'"), _name(outcome)) for outcome in BulkOutcome)
_BY_SWITCH = (
    _figure(f"i.{switch}_outcome = '{outcome}'", _name(outcome, switch)) for switch in Switch for outcome in BulkOutcome
)
_FIGURES = f"""
SELECT {_figure("true", _name(None))}, {", ".join((*_BY_OUTCOME, *_BY_SWITCH))} FROM ({{plan}}) i"""


def _tallies(figures: Any) -> Tallies:
    return {switch: {outcome: figures[_name(outcome, switch)] for outcome in BulkOutcome} for switch in Switch}
