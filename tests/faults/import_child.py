"""Asks for an import, and goes on with whatever waits; to be killed or paused in it."""

from collections.abc import Sequence
from contextlib import suppress

from models.client_import import Runner
from models.ground import store
from models.run import UNENDED
from models.toggles import NewToggles
from models.viewer import Viewer
from tests.support.emails.synced_mailbox import eventually
from tests.support.firm.imports import OneByOne, Row, asked


async def bring_in(by: Viewer, rows: Sequence[Row], toggles: NewToggles, dry_run: bool) -> None:
    await asked(by, rows, toggles=toggles, dry_run=dry_run, key="once")
    while await Runner(OneByOne).look():
        pass


async def work_off_one() -> None:
    """One run; and nobody minds that it is lost, or the database away."""
    with suppress(Exception):
        await Runner(OneByOne).look()


async def work_off_all() -> None:
    """As the worker's process does; until all runs have ended, by whomever."""
    runner = Runner(OneByOne)

    async def all_have_ended() -> bool:
        with suppress(Exception):
            await runner.look()
        return not await store.value(f"SELECT count(*) FROM run WHERE {UNENDED}")

    await eventually(all_have_ended)
