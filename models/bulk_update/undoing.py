"""Undo: once, after the end, what a run did is put back, unless somebody has set it since (R30). It mails nobody."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from models import firm, idempotency, invitation
from models.bulk_update.item import BulkOutcome
from models.bulk_update.listing import OF_THESE_KINDS
from models.bulk_update.result import Outcome, outcome_of
from models.bulk_update.starting import write
from models.bulk_update.undo_planning import planned_undo
from models.email import history
from models.errors import ErrorCode, Refusal
from models.ground import store
from models.ground.checkpoint import checkpoint
from models.idempotency import Done
from models.journal import Change
from models.run import Actor, NewRun, RunKind
from models.toggles import Switch, lock_switches, switch
from models.viewer import Viewer, must_manage_accounts


async def undo(by: Viewer, run_id: UUID, *, key: str | None = None) -> Done:
    """
    Asks for an undo, which is a run of its own, and answers its id; a worker begins it when its turn comes. Anybody
    with the right may, also of a run that was cancelled.

    Raises NOT_ALLOWED without the right `manageAccounts`; NOT_FOUND; INVALID for an undo; RUN_NOT_ENDED;
    ALREADY_UNDONE.
    """
    must_manage_accounts(by)
    do = partial(_undo, by, run_id)
    done = await idempotency.once(by, key, verb="undo bulk update", wish=run_id, do=do)
    checkpoint("after a run was asked for")
    return done


async def _undo(by: Viewer, run_id: UUID) -> tuple[UUID, ...]:
    await firm.one_at_a_time(by.firm_id)  # before the run's row, as a chunk takes them
    run = await store.row(_LOCKED, by.firm_id, run_id)
    if run is None:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such bulk update.", "id")
    if run["undoes"] is not None:
        raise Refusal(ErrorCode.INVALID, "This is an undo itself. Start a new bulk update instead.", "id")
    if run["ended_at"] is None:
        raise Refusal(ErrorCode.RUN_NOT_ENDED, "It has not ended yet. Wait for its end, or cancel it first.", "id")
    if await store.row(_UNDONE, by.firm_id, run_id):  # asked under the lock: two may have come at once
        raise Refusal(ErrorCode.ALREADY_UNDONE, "It has been undone already, and can be only once.", "id")
    changes = [Change("undoes", None, run["started_at"].isoformat())]
    return (await write(by, NewRun(RunKind.UNDO, "{}", undoes=run_id), changes),)


_LOCKED = f"""
SELECT undoes, started_at, ended_at FROM run WHERE firm_id = $1 AND id = $2 AND {OF_THESE_KINDS} FOR NO KEY UPDATE
"""
_UNDONE = "SELECT 1 FROM run WHERE firm_id = $1 AND undoes = $2"


async def put_back(acting: Actor, run: Any, items: Sequence[Any]) -> list[Outcome]:
    """
    Puts `items` back, all of some consecutive turns, and answers what came of each, in their order. Runs inside a
    transaction that has taken `firm.one_at_a_time` and holds the run.
    """
    by = acting.viewer
    if any(item["email_sync_from"] is False for item in items):
        await history.lock(by.firm_id)  # it may go on again
    locked = await lock_switches(by, [item["toggles_id"] for item in items])
    plan = planned_undo(by, run["undoes"], after=items[0]["turn"] - 1, up_to=items[-1]["turn"])
    now = {planned["place"]: outcome_of(planned) for planned in await plan.rows("{plan}")}
    outcomes = [now[item["place"]] for item in items]
    if not acting.may_go_on:
        return [_not_allowed(outcome) for outcome in outcomes]
    toggles = [locked[item["toggles_id"]] for item in items]
    await switch(by, [(of, outcome.changes()) for of, outcome in zip(toggles, outcomes, strict=True)])
    checkpoint("after a chunk of an undo was switched")
    invited = [of for of, outcome in zip(toggles, outcomes, strict=True) if _was_only_invited(outcome)]
    await invitation.withdraw(by, run["undoes"], [(of.account_id, of.address_id) for of in invited])
    return outcomes


def _not_allowed(outcome: Outcome) -> Outcome:
    results = {which: result.failed(ErrorCode.NOT_ALLOWED) for which, result in outcome.results.items()}
    return replace(outcome, results=results, muted=outcome.muted and (outcome.muted[0], outcome.muted[0]))


def _was_only_invited(outcome: Outcome) -> bool:
    """Login had been on before and stays so, so that only the invitation is withdrawn."""
    login = outcome.results.get(Switch.LOGIN)
    return login is not None and login.outcome is BulkOutcome.CHANGED and login.after is login.before
