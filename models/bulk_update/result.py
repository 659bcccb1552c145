"""What came, or would come, of an item, and of each of its switches."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any
from uuid import UUID

from models.bulk_update.deciding import OF_SWITCHES
from models.bulk_update.item import BulkOutcome
from models.errors import ErrorCode
from models.ground.frozen import frozen
from models.notification_category import NotificationCategory
from models.toggles import Switch


@dataclass(frozen=True, slots=True)
class Result:
    """`before`, `after`: the switch; None without an address. `error`: with ERROR only."""

    before: bool | None
    after: bool | None
    outcome: BulkOutcome
    error: ErrorCode | None = None

    def failed(self, error: ErrorCode) -> "Result":
        """The same, but unchanged, with this error."""
        return replace(self, after=self.before, outcome=BulkOutcome.ERROR, error=error)


def result_of(item: Any, switch: Switch) -> Result | None:
    """From an item's row; None where nothing was asked of this switch."""
    if (outcome := item[f"{switch}_outcome"]) is None:
        return None
    error = item[f"{switch}_error"]
    before, after = item[f"{switch}_from"], item[f"{switch}_to"]
    return Result(before, after, BulkOutcome(outcome), ErrorCode(error) if error else None)


@frozen
class Outcome:
    """
    What came of an item. `results`: of each switch that something was asked of. `muted`: the categories that are off,
    before and after; None where none was named. `archived`, `activated`: as it is now. `served`: an earlier turn of
    this run has written to the address.
    """

    place: int
    account_id: UUID
    address_id: UUID | None
    results: Mapping[Switch, Result]
    muted: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    archived: bool = False
    activated: bool = False
    served: bool = False

    def is_as_kept(self, planned: "Outcome") -> bool:
        """Whether it is as planned, so that nothing need be written."""
        return (self.activated, self.results, self.muted) == (planned.activated, planned.results, planned.muted)

    def columns(self) -> tuple[object, ...]:
        """As `stepping` writes them: place, activated, four of each switch, categories before and after."""
        switches = (self.results.get(switch) for switch in Switch)
        of_switches = (
            (result.before, result.after, result.outcome, result.error) if result else (None,) * 4
            for result in switches
        )
        muted = (" ".join(names) for names in self.muted) if self.muted else (None, None)
        return (self.place, self.activated, *chain.from_iterable(of_switches), *muted)

    def changes(self) -> dict[Switch | NotificationCategory, bool]:
        """The positions that are others afterwards."""
        before, after = self.muted or ((), ())
        changes: dict[Switch | NotificationCategory, bool] = {
            NotificationCategory(name): name not in after for name in {*before} ^ {*after}
        }
        for which, result in self.results.items():
            if result.after is not None and result.after is not result.before:
                changes[which] = result.after
        return changes


_of_switches = itemgetter(*OF_SWITCHES)


@lru_cache
def _results(columns: tuple[Any, ...]) -> Mapping[Switch, Result]:
    """Of all of OF_SWITCHES: thousands of items have the same."""
    item = dict(zip(OF_SWITCHES, columns, strict=True))
    return {switch: result for switch in Switch if (result := result_of(item, switch))}


def outcome_of(item: Any) -> Outcome:
    """From a row of the planner, or of the table."""
    results = _results(_of_switches(item))
    muted = None if item["muted_to"] is None else (tuple(item["muted_from"]), tuple(item["muted_to"]))
    return Outcome(
        item["place"],
        item["account_id"],
        item["address_id"],
        results,
        muted,
        archived=item.get("archived", False),
        activated=item["activated"],
        served=item.get("served", False),
    )
