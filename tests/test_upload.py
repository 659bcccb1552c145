"""Uploads are their owner's for a day; then they go, and their files with them."""

from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest

from models import housekeeping, stored_file, upload
from models.errors import Refusal, TooMuch
from models.ground import files, store
from models.ground.settings import Settings
from models.upload import MOST_BYTES, NewUpload
from models.viewer import Viewer
from tests.support.firm.factories import a_firm, a_member, counting
from tests.support.firm.invitations import later
from tests.support.firm.one_of_everything import PDF

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files.open_files(Settings(var=tmp_path))
    return tmp_path / "files"


@pytest.fixture
async def by(store: str, folder: Path) -> Viewer:
    return await a_member(await a_firm())


async def kept(by: Viewer, content: bytes = PDF, *, name: str = "bill.pdf", size: int | None = None) -> UUID:
    return await upload.keep(by, NewUpload(name, "application/pdf", size or len(content)), BytesIO(content))


async def content_of(by: Viewer, upload_id: UUID) -> bytes:
    row = (await upload.by_ids(by, [upload_id]))[upload_id]
    return b"".join([piece async for piece in await files.read(by.firm_id, row.file)])


def files_in(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


async def test_it_is_there_as_it_came(by: Viewer) -> None:
    content = bytes(range(256)) * 20_000  # several pieces
    upload_id = await kept(by, content)
    row = (await upload.by_ids(by, [upload_id]))[upload_id]
    assert (row.name, row.content_type, row.size) == ("bill.pdf", "application/pdf", len(content))
    assert await content_of(by, upload_id) == content


async def test_it_is_its_owners_alone(by: Viewer) -> None:
    """A colleague may have uploaded a list of salaries; of other firms nobody even asks."""
    upload_id = await kept(by)
    for other in (await a_member(by), await a_member(await a_firm())):
        assert await upload.by_ids(other, [upload_id]) == {}


async def test_several_are_read_in_one_statement(by: Viewer) -> None:
    ids = [await kept(by, f"{number}".encode()) for number in range(5)]
    async with counting() as statements:
        assert set(await upload.by_ids(by, ids)) == set(ids)
    assert len(statements) == 1


async def test_a_day_later_it_is_gone_even_before_anybody_sweeps(by: Viewer) -> None:
    upload_id = await kept(by)
    later(hours=23)
    assert upload_id in await upload.by_ids(by, [upload_id])
    later(hours=2)
    assert await upload.by_ids(by, [upload_id]) == {}


async def test_its_file_goes_a_day_after_it_unless_something_else_names_it(by: Viewer, folder: Path) -> None:
    old = await kept(by, b"only here")
    again = await kept(by, b"uploaded twice")
    later(hours=13)
    await kept(by, b"uploaded twice")
    later(hours=12)
    assert await upload.sweep(at_once=10) == 2
    assert await store.value("SELECT array_agg(id) && $1::uuid[] FROM upload", [old, again]) is False
    later(hours=25)
    assert await stored_file.sweep() == 1
    assert files_in(folder) == 1
    assert await content_of(by, await kept(by, b"uploaded twice")) == b"uploaded twice"


async def test_the_housekeeper_sweeps_them(by: Viewer) -> None:
    await kept(by)
    await store.execute("UPDATE upload SET uploaded_at = uploaded_at - interval '25 hours'")
    assert (await housekeeping.sweep())["upload"] == 1


async def test_a_sweep_takes_only_so_many_at_a_time_and_all_in_the_end(by: Viewer) -> None:
    for number in range(5):
        await kept(by, f"{number}".encode())
    later(hours=25)
    assert await upload.sweep(at_once=2) == 5
    assert await upload.sweep(at_once=2) == 0


async def test_of_one_person_there_wait_500_mb_at_most(by: Viewer, folder: Path) -> None:
    await kept(by, size=MOST_BYTES - 10)
    before = files_in(folder)
    with pytest.raises(TooMuch, match="500 MB wait to be used"):
        await kept(by, b"twelve bytes")
    assert files_in(folder) == before
    await kept(await a_member(by), b"a colleague's")
    later(hours=25)
    await kept(by, b"twelve bytes")


@pytest.mark.parametrize("name", ["", " ", "a\nb.pdf", "\u200b", "x" * 201, "a\0.pdf"])
async def test_a_name_that_cannot_be_shown_is_refused_and_nothing_is_kept(by: Viewer, folder: Path, name: str) -> None:
    with pytest.raises(Refusal, match="The file's name"):
        await kept(by, name=name)
    assert files_in(folder) == 0
