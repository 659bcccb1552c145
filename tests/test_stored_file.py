"""Files that nothing names go, and no other ever does."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from models import stored_file
from models.ground import files
from models.ground import store as database
from models.ground.settings import Settings
from models.viewer import System
from tests.support.emails.submissions import composed, written
from tests.support.files import names_in
from tests.support.firm.factories import a_firm, counting
from tests.support.firm.invitations import later
from tests.support.firm.one_of_everything import a_world
from tests.support.waiting import held, until_waiting

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files.open_files(Settings(var=tmp_path))
    return tmp_path / "files"


async def test_what_was_stored_and_never_named_goes_a_day_later(by: System, folder: Path) -> None:
    """Its worker was killed between the file and the row."""
    names = await stored_file.keep(by.firm_id, [b"one", b"another", b"one"])
    assert names[0] == names[2]
    assert names_in(folder) == set(names)
    assert await stored_file.sweep() == 0
    later(hours=25)
    assert await stored_file.sweep() == 2
    assert names_in(folder) == set()
    assert await database.value("SELECT count(*) FROM unnamed_file") == 0


async def test_what_any_row_names_stays_whatever_else_dropped_it(folder: Path) -> None:
    """Every table with a column for a file is in the list that is asked; the world has a file in each."""
    world = await a_world()
    named = {f"{table}.{column}" for table, column in stored_file.NAMED_BY}
    columns = await database.rows(
        "SELECT table_name || '.' || column_name AS place FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name IN ('file', 'raw_file')"
    )
    assert {row["place"] for row in columns} == named
    box, by = world.mailbox, world.owner.viewer
    await composed(by, await written(by, box))
    before = names_in(folder)
    assert before
    await stored_file.drop(world.by.firm_id, before)
    later(days=2)
    assert await stored_file.sweep() == 0
    assert names_in(folder) == before


async def test_a_file_of_one_firm_is_not_anothers(by: System, folder: Path) -> None:
    other = await a_firm()
    for firm in (by, other):
        await stored_file.keep(firm.firm_id, [b"the same"])
    await database.execute("DELETE FROM unnamed_file WHERE firm_id = $1", other.firm_id)  # as if a row named it
    later(days=2)
    assert await stored_file.sweep() == 1
    assert names_in(folder / str(by.firm_id)) == set()
    assert len(names_in(folder / str(other.firm_id))) == 1


async def test_who_keeps_what_is_just_being_deleted_waits_and_stores_it_anew(
    store: str, by: System, folder: Path
) -> None:
    (name,) = await stored_file.keep(by.firm_id, [b"the same"])
    later(days=2)
    async with held(_deleting(by, name)):
        keeping = asyncio.create_task(stored_file.keep(by.firm_id, [b"the same"]))
        await until_waiting(store, 1)
    assert await keeping == [name]
    assert names_in(folder) == {name}
    assert await stored_file.sweep() == 0


async def _deleting(by: System, name: str) -> None:
    """As a sweep does it."""
    await database.rows("SELECT id FROM unnamed_file WHERE name = $1 FOR UPDATE", name)
    await files.delete(by.firm_id, [name])
    await database.execute("DELETE FROM unnamed_file WHERE name = $1", name)


async def test_where_the_store_of_files_is_away_nothing_is_given_up(by: System, folder: Path) -> None:
    (name,) = await stored_file.keep(by.firm_id, [b"one"])
    later(days=2)
    with away(folder), pytest.raises(files.Away):
        await stored_file.sweep()
    assert names_in(folder) == {name}
    assert await stored_file.sweep() == 1


@contextmanager
def away(folder: Path) -> Iterator[None]:
    elsewhere = folder.rename(folder.with_name("elsewhere"))
    folder.write_text("no folder")
    yield
    folder.unlink()
    elsewhere.rename(folder)


async def test_a_batch_is_one_statement(by: System, folder: Path) -> None:
    async with counting() as statements:
        await stored_file.keep(by.firm_id, [b"%d" % number for number in range(100)])
    assert len(statements) == 1
    async with counting() as statements:
        assert await stored_file.keep(by.firm_id, []) == []
    assert statements == []
