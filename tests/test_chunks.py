"""
Bulk work reads as much for each address whatever PostgreSQL takes the tables to be: tables have grown a hundredfold on
a connection that has seen them small, and nobody looks how large they are now. Rows are counted, not time.
"""

from collections.abc import Iterator

import pytest

from models import letter
from models.ground import store
from models.ground.settings import Settings
from models.viewer import Viewer
from tests.support.firm.factories import a_firm, a_member
from tests.support.firm.many_addresses import all_invited, nobody_analyses, people, rows_read, switched_off

AT_ONCE = 500
FEW, MANY = 30, 3000
PLANS_KEPT = 6  # more often than PostgreSQL tries plans for the values before it keeps one for all
MOST = 100
"""Rows looked at for an address, in all statements of a chunk."""


@pytest.fixture
async def by(own_store: str) -> Viewer:
    await nobody_analyses()
    return await a_member(await a_firm())


@pytest.fixture(autouse=True)
def unlimited() -> Iterator[None]:
    letter.limit(Settings(letters_per_hour=10**9, letters_per_recipient=10**9))
    yield
    letter.limit(Settings())


@pytest.mark.parametrize("analysed", [False, True], ids=["never looked at", "looked at while small"])
async def test_bulk_work_reads_as_much_for_each_address_on_tables_that_have_just_grown(
    by: Viewer, analysed: bool
) -> None:
    few = await people(by, FEW)
    for turn in range(PLANS_KEPT):
        await all_invited(by, few)
        if analysed and turn == 0:
            await store.execute("ANALYZE")
        await switched_off(by, few)
    many = await people(by, MANY)
    chunks = [many[begin : begin + AT_ONCE] for begin in range(0, MANY, AT_ONCE)]
    read = [await rows_read(by, all_invited(by, chunk)) for chunk in chunks]
    # while a table has some hundred rows, all indexes that begin with the firm look alike still
    assert read[-1] < MOST * AT_ONCE, read
    read_at_once = await rows_read(by, switched_off(by, many))
    assert read_at_once < MOST * MANY
