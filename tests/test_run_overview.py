"""What whoever operates the installation is told of runs that have not ended."""

from datetime import timedelta

import pytest

from models.bulk_update import BulkEdit
from models.ground import clock
from models.run import overview, release
from models.viewer import Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.bulk_updates import ALL, ENABLE, all_end, asked, claimed
from tests.support.firm.factories import a_firm, a_member, an_account

pytestmark = pytest.mark.usefixtures("store")
by = owner_of_a_new_firm


async def test_runs_stand_still_where_no_worker_goes_on_with_any_for_a_minute(by: Viewer) -> None:
    await an_account(by)
    assert not await overview.stand_still()
    await asked(by, BulkEdit(ALL, login=ENABLE))
    assert not await overview.stand_still()
    later = clock.now() + timedelta(seconds=61)
    clock.set_source(lambda: later)
    assert await overview.stand_still()
    held = await claimed()
    assert not await overview.stand_still()
    await release(held)
    assert await overview.stand_still()
    await all_end()
    assert not await overview.stand_still()


async def test_a_run_that_another_worker_is_busy_with_excuses_those_that_wait(by: Viewer) -> None:
    await an_account(by)
    await asked(by, BulkEdit(ALL, login=ENABLE))
    await claimed("a busy worker")
    await asked(await a_member(await a_firm()), BulkEdit(ALL, login=ENABLE))
    later = clock.now() + timedelta(hours=1)
    clock.set_source(lambda: later)
    assert not await overview.stand_still()
