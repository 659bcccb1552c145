"""What stands in the database after bulk updates, by number, as planning.py says it."""

from collections import Counter
from uuid import UUID

import orjson

from models.bulk_update import BulkUpdateItemView, BulkUpdateView, Report, listing
from models.bulk_update.item import BulkOutcome
from models.ground import store
from models.ground.page import Window
from models.letter import LetterKind
from models.toggles import Switch
from tests.support.rules.bulk.planning import Item, Results
from tests.support.rules.bulk.runs import Bulk
from tests.support.rules.bulk.turns import Told
from tests.support.rules.switches_done import Reality

ALL = Window(1_000)
Shown = tuple[int, int | None, frozenset[int], Results]
"""An item: account, address, contacts, results."""
Offered = tuple[str | None, frozenset[int], int | None]
"""An invitation: why it ended, what it covers, and the number of the run that sent it."""


async def items(reality: Reality, report: Report, outcome: BulkOutcome | None = None) -> list[Shown]:
    return [_shown(reality, view) for view in (await report.items(outcome, ALL)).rows]


def _shown(reality: Reality, view: BulkUpdateItemView) -> Shown:
    one = None if view.address_id is None else reality.addresses.index(view.address_id)
    people = frozenset(reality.people.index(contact_id) for contact_id in view.contact_ids)
    results = {which: result for which, result in view.results.items() if result}
    return reality.places.index(view.account_id), one, people, results


def said(bulk: Bulk, items: list[Item]) -> list[Shown]:
    """What the rules say of items, with whoever holds the address now."""
    return [(item.place, item.one, _people(bulk, item), item.results) for item in items]


def _people(bulk: Bulk, item: Item) -> frozenset[int]:
    if item.person is not None:
        return frozenset({item.person})
    return frozenset() if item.one is None else frozenset(bulk.rules.holders(item.place, item.one))


def tallied(items: list[Item]) -> dict[Switch, dict[BulkOutcome, int]]:
    came = Counter((which, result.outcome) for item in items for which, result in item.results.items())
    return {which: {outcome: came[which, outcome] for outcome in BulkOutcome} for which in Switch}


async def run_of(reality: Reality, run_id: UUID) -> BulkUpdateView:
    return (await listing.by_ids(reality.by, [run_id]))[run_id]


async def letters(reality: Reality) -> Counter[str]:
    """By address: invitations, and words of more accounts; whatever became of them."""
    kinds = [LetterKind.INVITATION, LetterKind.ACCOUNT_ADDED]
    rows = await store.rows(_LETTERS, reality.by.firm_id, kinds)
    return Counter({row["to_key"]: row["letters"] for row in rows})


_LETTERS = """SELECT to_key, count(*) AS letters FROM letter
WHERE firm_id = $1 AND copy_of IS NULL AND kind = ANY($2::text[]) GROUP BY to_key"""


async def offers(reality: Reality, runs: list[UUID]) -> dict[int, list[Offered]]:
    """By address, the oldest first."""
    made: dict[int, list[Offered]] = {}
    for row in await store.rows(_OFFERS, reality.by.firm_id):
        covers = frozenset(reality.places.index(account_id) for account_id in row["covers"])
        run = None if row["run_id"] is None else runs.index(row["run_id"])
        made.setdefault(reality.addresses.index(row["address_id"]), []).append((row["end_reason"], covers, run))
    return made


_OFFERS = """
SELECT i.address_id, i.end_reason, i.run_id, ARRAY(
  SELECT c.account_id FROM invitation_account c
  WHERE c.firm_id = i.firm_id AND c.invitation_id = i.id AND c.left_at IS NULL AND i.ended_at IS NULL) AS covers
FROM invitation i WHERE i.firm_id = $1 AND i.address_id IS NOT NULL ORDER BY i.created_at, i.id
"""


def offered(bulk: Bulk) -> dict[int, list[Offered]]:
    return {
        one: [(offer.dead, frozenset(set() if offer.dead else offer.covers), offer.run) for offer in some]
        for one, some in bulk.made.items()
        if some
    }


async def told(reality: Reality, runs: list[UUID]) -> list[Counter[Told]]:
    """Of each run, what it did to switches and preferences, by the journal."""
    found: list[Counter[Told]] = [Counter() for _ in runs]
    for row in await store.rows(_TOLD, reality.by.firm_id):
        spot = reality.places.index(row["account_id"]), reality.addresses.index(row["address_id"])
        changes = frozenset((name, after == "true") for name, _, after in orjson.loads(row["changes"]))
        found[runs.index(row["run_id"])][spot, changes] += 1
    return found


_TOLD = """
SELECT j.run_id, j.changes, t.account_id, t.address_id FROM journal_entry j
JOIN toggles t ON t.firm_id = j.firm_id AND t.id = j.subject_id
WHERE j.firm_id = $1 AND j.run_id IS NOT NULL AND j.kind IN ('TOGGLES_CHANGED', 'PREFERENCES_CHANGED')
"""
