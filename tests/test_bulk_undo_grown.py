"""
A bulk update and its undo read as much for each address whatever PostgreSQL takes the tables to be. Rows are counted,
not time.
"""

from collections.abc import Iterator

import pytest

from models import letter
from models.bulk_update import BulkEdit, undo
from models.bulk_update.stepping import step
from models.ground import store
from models.ground.settings import Settings
from models.notification_category import NotificationCategory
from models.run import Pace
from models.toggles import Invite
from models.viewer import Viewer
from tests.support.firm.bulk_updates import ALL, ENABLE, all_end, asked, claimed, ran
from tests.support.firm.factories import a_firm, a_member
from tests.support.firm.many_addresses import nobody_analyses, people, rows_read
from tests.support.firm.preferences import preferences

FEW, MANY = 30, 4000
MOST = 150
"""Rows looked at for an address: planned, looked at again and put back."""
MUTED = preferences(NotificationCategory.MESSAGES)


@pytest.fixture
async def by(own_store: str) -> Viewer:
    await nobody_analyses()
    return await a_member(await a_firm())


@pytest.fixture(autouse=True)
def unlimited() -> Iterator[None]:
    letter.limit(Settings(letters_per_hour=10**9, letters_per_recipient=10**9))
    yield
    letter.limit(Settings())


EDIT = BulkEdit(ALL, login=ENABLE, notify=ENABLE, invite=Invite(again=True), preferences=MUTED)


async def _run_and_ask_for_its_undo(by: Viewer) -> None:
    await undo(by, await ran(by, EDIT))


class _Even(Pace):
    """Chunks are as large on a busy machine."""

    FIRST = MOST = LEAST = 500


async def _ended() -> None:
    run = await claimed()
    while await step(run, _Even()):
        pass


@pytest.mark.parametrize("analysed", [False, True], ids=["never looked at", "looked at while small"])
async def test_a_run_reads_as_much_for_each_address_on_tables_that_have_just_grown(by: Viewer, analysed: bool) -> None:
    await people(by, FEW)
    await ran(by, EDIT)
    if analysed:
        await store.execute("ANALYZE")
    await people(by, MANY - FEW)
    await asked(by, EDIT)
    assert await rows_read(by, _ended()) < MOST * MANY


@pytest.mark.parametrize("analysed", [False, True], ids=["never looked at", "looked at while small"])
@pytest.mark.parametrize("login", [False, True], ids=["switched on and invited", "invited alone"])
async def test_an_undo_reads_as_much_for_each_address_on_tables_that_have_just_grown(
    by: Viewer, login: bool, analysed: bool
) -> None:
    await people(by, FEW)
    if analysed:
        await store.execute("ANALYZE")
    await _run_and_ask_for_its_undo(by)
    await all_end()
    await people(by, MANY - FEW)
    await store.execute("UPDATE toggles SET login = $1", login)
    await _run_and_ask_for_its_undo(by)
    assert await rows_read(by, _ended()) < MOST * MANY
