"""Asks for a bulk update, or takes one back, and goes on with whatever waits; to be killed or paused in it."""

from uuid import UUID

from models import bulk_update
from models.bulk_update import BulkEdit, Runner
from models.run import Pace
from models.viewer import Viewer
from tests.faults.looking import looks_until_all_have_ended, one_look


class TwoByTwo(Pace):
    """So that few addresses make several chunks."""

    FIRST = MOST = LEAST = 2


async def update(by: Viewer, edit: BulkEdit) -> None:
    await bulk_update.start(by, edit, key="once")
    await work_off()


async def take_back(by: Viewer, run_id: UUID) -> None:
    await bulk_update.undo(by, run_id, key="once")
    await work_off()


async def work_off() -> None:
    """Until nothing is to be had."""
    while await Runner(TwoByTwo).look():
        pass


async def work_off_one() -> None:
    await one_look(Runner(TwoByTwo))


async def work_off_all() -> None:
    await looks_until_all_have_ended(Runner(TwoByTwo))
