"""Asks for a bulk update, or takes one back, and goes on with whatever waits; to be killed or paused in it."""

from contextlib import suppress
from uuid import UUID

from models import bulk_update
from models.bulk_update import BulkEdit, Runner
from models.ground import store
from models.run import UNENDED, Pace
from models.viewer import Viewer
from tests.support.emails.synced_mailbox import eventually


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
    """One run; and nobody minds that it is lost, or the database away."""
    with suppress(Exception):
        await Runner(TwoByTwo).look()


async def work_off_all() -> None:
    """As the worker's process does, which survives what the database does; until all runs have ended, by whomever."""
    runner = Runner(TwoByTwo)

    async def all_have_ended() -> bool:
        with suppress(Exception):
            await runner.look()
        return not await store.value(f"SELECT count(*) FROM run WHERE {UNENDED}")

    await eventually(all_have_ended)
