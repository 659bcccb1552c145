"""
The preview of a bulk update against its report, item for item, and both against the plain rules
(tests/support/rules/bulk/planning.py), over firms of every kind (R25-R28).
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import letter
from models.bulk_update import Report
from models.bulk_update.edit import BulkEdit
from models.bulk_update.item import BulkOutcome
from models.bulk_update.starting import checked, start
from models.bulk_update.stepping import step
from models.ground.settings import Settings
from models.run import RunKind, RunStatus, claim
from tests.support.rules.bulk.firms import firms, limits_of, settled, wishes
from tests.support.rules.bulk.planning import Wish
from tests.support.rules.bulk.runs import Bulk
from tests.support.rules.bulk.runs_done import Even, nobody_elses
from tests.support.rules.bulk.stored import ALL, items, letters, offered, offers, run_of, said, tallied, told
from tests.support.rules.switches_done import Reality, text_of

pytestmark = pytest.mark.usefixtures("store")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(bulk=firms(), data=st.data(), items_at_once=st.sampled_from([1, 3, 200]))
async def test_the_preview_is_the_report_item_for_item_and_both_follow_the_rules(
    bulk: Bulk, data: st.DataObject, items_at_once: int
) -> None:
    wish = data.draw(wishes(bulk.rules.places))
    with _limited(bulk):
        reality = await settled(bulk)
        edit = await checked(reality.by, wish.asked(reality.places))
        before, foreseen = bulk.plan(wish), Report.of_plan(reality.by, edit)
        preview, summary = (await foreseen.items(None, ALL)).rows, await foreseen.summary()
        assert await items(reality, foreseen) == said(bulk, before)
        assert summary.tallies == tallied(before)
        assert summary.account_count == len(bulk.chosen(wish.among))

        run_id = await _run(reality, edit, items_at_once)
        report = Report.of_run(reality.by, await run_of(reality, run_id))
        assert (await report.items(None, ALL)).rows == preview
        assert await report.summary() == summary
        assert (await run_of(reality, run_id)).done == len(before)
        await _follows(bulk, wish, reality, run_id)
        await _leaves_nothing_to_do(reality, edit)


@contextmanager
def _limited(bulk: Bulk) -> Iterator[None]:
    letter.limit(limits_of(bulk))
    try:
        yield
    finally:
        letter.limit(Settings())


async def _run(reality: Reality, edit: BulkEdit, items_at_once: int) -> UUID:
    """From the start to the end."""
    await nobody_elses()
    (run_id,) = (await start(reality.by, edit)).ids
    held = await claim("whoever", list(RunKind))
    assert held is not None
    assert held.run_id == run_id
    while await step(held, Even(items_at_once)):
        pass
    return run_id


async def _follows(bulk: Bulk, wish: Wish, reality: Reality, run_id: UUID) -> None:
    """The store after the run, to the rules."""
    written = Counter(one for one, _ in bulk.letters if one is not None)
    bulk.start(wish)
    while bulk.under_way is not None:
        bulk.step()
    [run] = bulk.runs
    assert run.status is RunStatus.FINISHED
    assert await reality.shown() == [bulk.rules.shown(place) for place in range(bulk.rules.places)]
    assert await offers(reality, [run_id]) == offered(bulk)
    assert await told(reality, [run_id]) == [run.told]
    now = Counter(one for one, _ in bulk.letters if one is not None)
    assert await letters(reality) == Counter({text_of(one): count for one, count in now.items()})
    assert all(count == 1 for count in (now - written).values()), "nobody is mailed twice"


async def _leaves_nothing_to_do(reality: Reality, edit: BulkEdit) -> None:
    """Asked for once more, right away: nobody is invited unless they are to be invited `again`."""
    left = (await Report.of_plan(reality.by, edit).summary()).tallies
    again = edit.invite is not None and edit.invite.again
    for outcomes in left.values():
        assert outcomes[BulkOutcome.CHANGED] == 0
        assert again or outcomes[BulkOutcome.INVITED] == 0
