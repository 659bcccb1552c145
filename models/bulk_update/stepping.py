"""
The steps of a run: its plan, then one chunk after the other, each in one transaction, so that whoever is killed leaves
nothing half done, and another goes on from there (R27).
"""

from collections import Counter
from collections.abc import Sequence
from time import monotonic
from typing import Any

from models import firm
from models.bulk_update.chunk import settle
from models.bulk_update.deciding import COLUMNS, OF_SWITCHES
from models.bulk_update.edit import from_json
from models.bulk_update.ending import finish, give_up
from models.bulk_update.item import BulkOutcome
from models.bulk_update.listing import Tallies, tallies_of
from models.bulk_update.planning import Statement, count_chosen, planned
from models.bulk_update.result import Outcome, outcome_of
from models.bulk_update.starting import MOST_ITEMS
from models.bulk_update.undo_planning import count_changed, planned_undo
from models.bulk_update.undoing import put_back
from models.ground import store
from models.ground.checkpoint import checkpoint
from models.run import Held, Pace, acting, began, hold, next_turns, went_on
from models.viewer import Viewer


async def step(held: Held, pace: Pace) -> bool:
    """Plans the run, or does its next chunk, of whole turns (`next_turns`); False: it has ended. Raises RunLost."""
    async with store.transaction(held.firm_id):
        await firm.one_at_a_time(held.firm_id)
        begun = monotonic()
        run = await hold(held)
        if run["planned_at"] is not None:
            items = await next_turns(run, pace.items, table="bulk_update_item", order="place")
            goes_on = await _chunk(run, items)
            checkpoint("before the commit of a chunk of a run")
    if run["planned_at"] is None:
        return await _plan(held, run)
    pace.took(len(items), monotonic() - begun)
    checkpoint("after the commit of a chunk of a run")
    return goes_on


async def _plan(held: Held, run: Any) -> bool:
    """
    Items are fixed from now on. Under no lock: what changes meanwhile, the chunks will see; and whoever cancels the run
    need not wait until all are there, which then are not kept.
    """
    async with store.transaction(held.firm_id):
        by = (await acting(run)).viewer
        plan, accounts = await _planned(by, run)
        [figures] = await plan.rows(_KEEP, run["id"], MOST_ITEMS + 1)
        checkpoint("after a run was planned")
        await hold(held)
        return await _begin(by, run, accounts=accounts, items=figures["items"])


async def _begin(by: Viewer, run: Any, *, accounts: int, items: int) -> bool:
    if items > MOST_ITEMS:
        await store.execute(_FORGET, run["firm_id"], run["id"])
        await give_up(by, run["id"], f"More than {MOST_ITEMS:,} addresses match by now. Choose fewer accounts.")
        return False
    await began(by, run, accounts=accounts, total=items, tallies={})
    if not items:
        await finish(by, run["id"])
        return False
    return True


async def _planned(by: Viewer, run: Any) -> tuple[Statement, int]:
    """Its items, and on how many accounts."""
    if (undoes := run["undoes"]) is not None:
        return planned_undo(by, undoes), await count_changed(by, undoes)
    edit = from_json(run["asked"])
    return planned(by, edit), await count_chosen(by, edit.accounts)


_KEPT = ", ".join(COLUMNS)
_KEEP = f"""
WITH kept AS (
  INSERT INTO bulk_update_item (firm_id, run_id, {_KEPT})
  SELECT $1, {{0}}::uuid, {_KEPT} FROM ({{plan}}) i ORDER BY place LIMIT {{1}} RETURNING 1
) SELECT count(*) AS items FROM kept
"""
_FORGET = "DELETE FROM bulk_update_item WHERE firm_id = $1 AND run_id = $2"


async def _chunk(run: Any, items: Sequence[Any]) -> bool:
    actor = await acting(run)
    if run["undoes"] is not None:
        outcomes = await put_back(actor, run, items)
    else:
        outcomes = await settle(actor, from_json(run["asked"]), run["id"], items)
    await _keep(run, items, outcomes)
    tallies = _added(tallies_of(run["tallies"]), outcomes)
    goes_on = await went_on(actor.viewer, run, turn=items[-1]["turn"], done=len(items), tallies=tallies)
    checkpoint("after a chunk of a run was reported")
    if not goes_on:
        await finish(actor.viewer, run["id"])
    return goes_on


async def _keep(run: Any, items: Sequence[Any], outcomes: Sequence[Outcome]) -> None:
    """Writes the items that came out otherwise than planned."""
    changed = [
        outcome for item, outcome in zip(items, outcomes, strict=True) if not outcome.is_as_kept(outcome_of(item))
    ]
    if changed:
        columns = map(list, zip(*(outcome.columns() for outcome in changed), strict=True))
        await store.execute(store.for_many(_RESULTS, changed), run["firm_id"], run["id"], *columns)


_TYPES = {"from": "boolean", "to": "boolean", "outcome": "text", "error": "text"}
_RESULTS = f"""
UPDATE bulk_update_item b SET activated = n.activated, {", ".join(f"{column} = n.{column}" for column in OF_SWITCHES)},
  muted_from = string_to_array(n.muted_from, ' '), muted_to = string_to_array(n.muted_to, ' ')
FROM unnest($3::int[], $4::boolean[], {
    ", ".join(f"${number}::{_TYPES[column.rpartition('_')[2]]}[]" for number, column in enumerate(OF_SWITCHES, 5))
}, ${5 + len(OF_SWITCHES)}::text[], ${6 + len(OF_SWITCHES)}::text[])
  AS n(place, activated, {", ".join(OF_SWITCHES)}, muted_from, muted_to)
WHERE b.firm_id = $1 AND b.run_id = $2 AND b.place = n.place
"""


def _added(tallies: Tallies, outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    came_out = Counter((switch, result.outcome) for outcome in outcomes for switch, result in outcome.results.items())
    return {
        switch.value: {outcome.value: before[outcome] + came_out[switch, outcome] for outcome in BulkOutcome}
        for switch, before in tallies.items()
    }
