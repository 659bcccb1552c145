"""
Bulk updates and undos in the real database against their rules (tests/support/rules/bulk/runs.py), cut between any
two chunks by switches, preferences, moves, archiving, activation, suppression, colleagues, other workers, lost rights,
cancelling and time: R8, R13, R17, R25-R28, R30, R31, R44, R46.
"""

from collections import Counter
from itertools import chain
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import letter
from models.bulk_update import Report, planning
from models.bulk_update.planning import MOST_TOGETHER
from models.ground import clock
from models.ground.settings import Settings
from models.run import RunStatus
from models.viewer import TeamRole
from tests.support.firm.factories import a_member
from tests.support.rules.bulk.firms import limits_of
from tests.support.rules.bulk.runs import Bulk
from tests.support.rules.bulk.runs_done import Runs, nobody_elses
from tests.support.rules.bulk.scenes import SCENE, TAKEN_BACK, Step
from tests.support.rules.bulk.stored import items, letters, offered, offers, run_of, said, tallied, told
from tests.support.rules.switches import PEOPLE, PLACES
from tests.support.rules.switches_done import code_of, people_and_places, text_of

pytestmark = pytest.mark.usefixtures("store")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(scenes=st.lists(SCENE | TAKEN_BACK, min_size=3, max_size=4), together=st.sampled_from([100, 1]))
async def test_runs_follow_the_rules_whatever_happens_between_two_of_their_chunks(
    scenes: list[list[Step]], together: int
) -> None:
    """`together`: accounts of an address in one turn."""
    planning.MOST_TOGETHER = together
    bulk, deeds = await _begin(together)
    try:
        for step in chain.from_iterable(scenes):
            await _take(bulk, deeds, *step)
            await _compare(bulk, deeds)
        while bulk.under_way is not None:
            await _take(bulk, deeds, "step", 1)
        await _compare(bulk, deeds)
        await _compare_reports(bulk, deeds)
    finally:
        planning.MOST_TOGETHER = MOST_TOGETHER
        clock.set_source(None)
        letter.limit(Settings())


async def _begin(together: int) -> tuple[Bulk, Runs]:
    """Both people are linked to both accounts; of the first, something is on."""
    await nobody_elses()
    rules, reality = await people_and_places()
    starter = await a_member(reality.by, role=TeamRole.EMPLOYEE, manage_accounts=True)
    bulk = Bulk(rules, per_hour=7, per_recipient=3, together=together)
    deeds = Runs(reality, starter, clock.now(), bulk.per_recipient)
    letter.limit(limits_of(bulk))
    clock.set_source(lambda: deeds.now)
    for place in range(PLACES):
        for person in range(PEOPLE):
            await _take(bulk, deeds, "do", "link", place, person, (person == 0, person == place, False))
    return bulk, deeds


async def _take(bulk: Bulk, deeds: Runs, verb: str, *given: Any) -> None:
    """One step on both, 20 minutes later. What the rules refuse, the database must refuse so."""
    bulk.minute += 20
    deeds.later(minutes=20)
    if given[:1] == ("link",):
        _, place, person, on = given
        given = ("link", place, person, dict.fromkeys(bulk.rules.holds[person].values(), on))
    if verb == "start" and bulk.right:
        await _compare_preview(bulk, deeds, *given)
    expected = getattr(bulk, verb)(*given)
    assert await code_of(getattr(deeds, verb), *given) == expected, (verb, given)


async def _compare_preview(bulk: Bulk, deeds: Runs, wish: Any) -> None:
    preview = Report.of_plan(deeds.starter, deeds.edit(wish))
    assert await items(deeds.reality, preview) == said(bulk, bulk.plan(wish))


async def _compare(bulk: Bulk, deeds: Runs) -> None:
    reality, runs = deeds.reality, bulk.runs
    assert await reality.shown() == [bulk.rules.shown(place) for place in range(PLACES)]
    assert await offers(reality, deeds.runs) == offered(bulk)
    assert await letters(reality) == Counter(text_of(one) for one, _ in bulk.letters if one is not None)
    assert await told(reality, deeds.runs) == [run.told for run in runs]
    assert await deeds.entries() == Counter(deeds.runs[n] for n, run in enumerate(runs) if run.has_ended)
    last = [number for number, run in enumerate(runs) if run.items is not None]
    for number in last[-1:]:
        await _compare_report(bulk, deeds, number)


async def _compare_reports(bulk: Bulk, deeds: Runs) -> None:
    for number, run in enumerate(bulk.runs):
        await _compare_report(bulk, deeds, number)
        assert run.status is RunStatus.CANCELLED or len(run.report) == len(run.items or [])


async def _compare_report(bulk: Bulk, deeds: Runs, number: int) -> None:
    run, view = bulk.runs[number], await run_of(deeds.reality, deeds.runs[number])
    assert view.status is run.status
    assert (view.done, view.total) == (len(run.report), len(run.items or []))
    assert view.tallies == tallied(run.report)
    assert await items(deeds.reality, Report.of_run(deeds.starter, view)) == said(bulk, run.report)
