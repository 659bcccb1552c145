"""
What is done in one chunk of a bulk update: whole addresses, or 100 accounts of one, looked at again under the locks
(R27). Where a chunk begins and ends: models.bulk_update.stepping.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from models.bulk_update.edit import BulkEdit
from models.bulk_update.item import BulkOutcome
from models.bulk_update.planning import planned_anew
from models.bulk_update.result import Outcome, Result, outcome_of
from models.email import history
from models.errors import ErrorCode
from models.ground.checkpoint import checkpoint
from models.invitation import Asked, invite
from models.notification_category import NotificationCategory
from models.run import Actor
from models.toggles import LockedSwitches, Switch, Wanted, lock_switches, switch


async def settle(acting: Actor, edit: BulkEdit, run_id: UUID, items: Sequence[Any]) -> list[Outcome]:
    """
    Carries out `items`, all of some consecutive turns, and answers what came of each, in their order. Runs inside a
    transaction that has taken `firm.one_at_a_time` and holds the run.
    """
    by = acting.viewer
    if edit.action(Switch.EMAIL_SYNC).wants:
        await history.lock(by.firm_id)
    locked = await lock_switches(by, [item["toggles_id"] for item in items if item["toggles_id"]])
    plan = planned_anew(by, edit, run_id, after=items[0]["turn"] - 1, up_to=items[-1]["turn"])
    now = {planned["place"]: planned for planned in await plan.rows("{plan}")}
    toggles = [locked.get(item["toggles_id"]) for item in items]
    outcomes = [
        _outcome(acting, edit, item, now.get(item["place"]), of) for item, of in zip(items, toggles, strict=True)
    ]
    await switch(by, list(_wanted(outcomes, toggles)))
    checkpoint("after a chunk of a run was switched")
    await invite(by, list(_asked(edit, outcomes)), has_room=True)  # the plan has counted
    return outcomes


def _outcome(acting: Actor, edit: BulkEdit, item: Any, now: Any, toggles: LockedSwitches | None) -> Outcome:
    """As it is planned `now`; but a switch that somebody has set since the first plan is left as it is."""
    planned = outcome_of(item)
    if toggles is None:  # there is no address
        return planned
    anew = outcome_of(now)
    if not acting.may_go_on:
        return _failed(planned, anew, toggles, ErrorCode.NOT_ALLOWED)
    if item["held"] and not now["held"]:
        return _failed(planned, anew, toggles, ErrorCode.CHANGED_MEANWHILE)
    if (anew.results, anew.muted) == (planned.results, planned.muted):
        return _with_muted(anew)
    results = {which: _unless_set_since(edit, which, planned, anew) for which in planned.results}
    return _with_muted(replace(anew, results=results))


def _failed(planned: Outcome, anew: Outcome, toggles: LockedSwitches, why: ErrorCode) -> Outcome:
    """Nothing is done; the switches are told as they are now."""
    on = {which: which in toggles.on for which in planned.results}
    results = {which: Result(on[which], on[which], BulkOutcome.ERROR, why) for which in planned.results}
    return _with_muted(replace(anew, results=results))


def _with_muted(outcome: Outcome) -> Outcome:
    """With categories as they were, where Notify failed or was not asked for."""
    notify = outcome.results.get(Switch.NOTIFY)
    if outcome.muted is None or (notify and notify.error is None):
        return outcome
    return replace(outcome, muted=(outcome.muted[0], outcome.muted[0]))


def _unless_set_since(edit: BulkEdit, which: Switch, planned: Outcome, anew: Outcome) -> Result:
    """A switch that had the wished position when it was planned, and has it no longer, has been set since (R27)."""
    before, now = planned.results[which], anew.results[which]
    on = edit.action(which).wants
    set_since = before.before is on and now.before is not on
    if which is Switch.NOTIFY:
        set_since = set_since or bool(_as_asked(edit, planned) - _as_asked(edit, anew))
    return now.failed(ErrorCode.CHANGED_MEANWHILE) if set_since else now


def _as_asked(edit: BulkEdit, outcome: Outcome) -> set[NotificationCategory]:
    """The named categories that had been as wished already."""
    if outcome.muted is None:
        return set()
    return {
        preference.category
        for preference in edit.preferences
        if preference.on is (preference.category not in outcome.muted[0])
    }


def _wanted(
    outcomes: Sequence[Outcome], toggles: Sequence[LockedSwitches | None]
) -> Iterator[tuple[LockedSwitches, Wanted]]:
    for outcome, of in zip(outcomes, toggles, strict=True):
        if of is not None and (changes := outcome.changes()):
            yield of, changes


def _asked(edit: BulkEdit, outcomes: Sequence[Outcome]) -> Iterator[Asked]:
    """
    Whom to invite, or tell of the account; an invitation that lives already covers it too (R8, R26). An address that an
    earlier turn has written to gets no second letter.
    """
    for outcome in outcomes:
        login = outcome.results.get(Switch.LOGIN)
        if edit.invite is None or outcome.address_id is None or login is None or login.error or outcome.archived:
            continue
        if outcome.served:
            if login.outcome is BulkOutcome.INVITED:
                yield Asked(outcome.account_id, outcome.address_id, replace(edit.invite, again=False))
        elif not outcome.activated or login.outcome is BulkOutcome.CHANGED:
            yield Asked(outcome.account_id, outcome.address_id, edit.invite)
