"""Asks for an import, and goes on with whatever waits; to be killed or paused in it."""

from collections.abc import Sequence

from models.client_import import Runner
from models.toggles import NewToggles
from models.viewer import Viewer
from tests.faults.looking import looks_until_all_have_ended, one_look
from tests.support.firm.imports import OneByOne, Row, asked


async def bring_in(by: Viewer, rows: Sequence[Row], toggles: NewToggles, dry_run: bool) -> None:
    await asked(by, rows, toggles=toggles, dry_run=dry_run, key="once")
    while await Runner(OneByOne).look():
        pass


async def work_off_one() -> None:
    await one_look(Runner(OneByOne))


async def work_off_all() -> None:
    await looks_until_all_have_ended(Runner(OneByOne))
