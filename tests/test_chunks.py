"""
Bulk work reads as much for each address whatever PostgreSQL takes the tables to be: tables have grown a hundredfold on
a connection that has seen them small, and nobody looks how large they are now. Rows are counted, not time.
"""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

import pytest

from models import account, contact, letter, toggles
from models.account import AccountFilter, AccountOrder
from models.client_import.stepping import step
from models.ground import store
from models.ground.page import Window
from models.ground.settings import Settings
from models.run import Pace
from models.toggles import Invite, NewToggles
from models.viewer import Viewer
from tests.support.firm.bulk_updates import claimed
from tests.support.firm.factories import a_firm, a_member, counting
from tests.support.firm.imports import all_end, asked, imported
from tests.support.firm.many_addresses import all_invited, nobody_analyses, people, rows_read, switched_off

AT_ONCE = 500
FEW, MANY = 30, 3000
PLANS_KEPT = 6  # more often than PostgreSQL tries plans for the values before it keeps one for all
PAGE = 50
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


async def test_who_is_switched_alone_is_found_alone_in_a_firm_that_has_just_grown(by: Viewer) -> None:
    for spot in await people(by, PLANS_KEPT + 1):
        await all_invited(by, [spot])
        await switched_off(by, [spot])
    many = await people(by, MANY)
    await all_invited(by, many)
    assert await rows_read(by, switched_off(by, many[:1])) < MOST


def test_the_statements_of_the_smallest_chunk_are_planned_for_the_tables_as_they_are_now() -> None:
    pace = Pace()
    pace.took(AT_ONCE, seconds=60)
    assert store.for_many("SELECT 1", range(pace.items)).startswith(store.AFRESH)


INVITING = NewToggles(login=True, notify=True, email_sync=True, invite=Invite())


class AtOnce(Pace):
    FIRST = MOST = LEAST = AT_ONCE


@pytest.mark.parametrize(
    "ours", [0, 1, FEW], ids=["another firm's alone", "a client of ours, too", "some of ours, too"]
)
async def test_an_import_reads_as_much_for_each_row_on_tables_looked_at_when_the_firm_had_hardly_a_client(
    by: Viewer, ours: int
) -> None:
    await imported(await a_member(await a_firm("Another")), _clients(max(1, ours), "theirs"), toggles=INVITING)
    if ours:
        await imported(by, _clients(ours, "ours"), toggles=INVITING)
    await store.execute("ANALYZE")
    file = _clients(MANY, "new")
    read = [await _read_by_chunk(by, file), await _read_by_chunk(by, file)]  # the second time all are there
    read.append(await _read_by_chunk(by, _clients(MANY, "rehearsed"), dry_run=True))
    # the first chunk's tables have some hundred rows, and all indexes that begin with the firm look alike still
    assert all(max(of_import[2:]) < MOST * AT_ONCE for of_import in read), read


def _clients(count: int, whose: str) -> Sequence[Mapping[str, str]]:
    return [
        {"Client": f"Client {number} {whose}", "Contact": f"Person {number}", "E-mail": f"p{number}@{whose}.test"}
        for number in range(count)
    ]


async def _read_by_chunk(by: Viewer, file: Sequence[Mapping[str, str]], *, dry_run: bool = False) -> list[int]:
    """Rows looked at in each step of an import: when its turns are made, and then for every chunk."""
    await asked(by, file, toggles=INVITING, dry_run=dry_run)
    held, pace, read = await claimed(), AtOnce(), list[int]()
    goes_on = [True]

    async def stepped() -> None:
        goes_on.append(await step(held, pace))

    while goes_on[-1]:
        read.append(await rows_read(by, stepped()))
    return read


async def test_a_page_of_accounts_reads_a_few_rows_for_each_on_a_connection_that_has_seen_hardly_any(
    by: Viewer,
) -> None:
    await people(await a_member(await a_firm("Another")), 1)
    await people(by, 1)
    await store.execute("ANALYZE")
    async with store.transaction(by.firm_id):
        for _ in range(PLANS_KEPT):
            await _page_of_accounts(by)
        await people(by, MANY)
        assert await rows_read(by, _page_of_accounts(by)) < MOST * PAGE


async def _page_of_accounts(by: Viewer) -> None:
    await account.page(by, AccountFilter(), AccountOrder.NAME_ASC, Window(PAGE))


async def test_tables_are_measured_when_they_have_doubled(by: Viewer) -> None:
    sizes = list[int]()
    for new in (MANY, MANY // 2, MANY):
        await people(by, new)
        await store.measure_anew(("toggles", "email_address"))
        sizes.append(await store.value("SELECT reltuples FROM pg_class WHERE oid = 'toggles'::regclass"))
    assert sizes == [MANY, MANY, 2 * MANY + MANY // 2]


async def test_tables_too_large_to_be_measured_in_time_stop_nobody_who_fills_them(by: Viewer) -> None:
    await people(by, MANY)
    async with store.transaction(by.firm_id):
        await store.execute("SET LOCAL statement_timeout = '1ms'")
        await store.measure_anew(("toggles", "email_address", "contact_email"))


@pytest.mark.parametrize(("dry_run", "measured"), [(False, 3), (True, 0)], ids=["import", "dry run"])
async def test_an_import_measures_the_tables_that_it_fills_and_a_dry_run_none(
    by: Viewer, dry_run: bool, measured: int
) -> None:
    await asked(by, _clients(4, "new"), dry_run=dry_run)
    async with counting() as statements:
        await all_end()
    assert sum("ANALYZE" in statement for statement in statements) == measured


async def test_a_firm_that_is_new_among_others_reads_a_few_rows_for_each_of_its_accounts(by: Viewer) -> None:
    for number in range(20):
        await people(await a_member(await a_firm(f"Firm {number}")), FEW)
    await people(by, 1)
    await store.execute("ANALYZE")
    ids = [account_id for account_id, _ in await people(by, PAGE)]
    assert await rows_read(by, _contacts_and_toggles(by, ids)) < MOST * PAGE
    people_of = [
        linked.contact.id for of_account in (await contact.linked_to(by, ids)).values() for linked in of_account
    ]
    assert await rows_read(by, contact.emails_of(by, people_of)) < MOST * PAGE


async def test_a_page_of_accounts_with_their_contacts_reads_no_table_once_for_each_right_after_an_import(
    by: Viewer,
) -> None:
    await people(await a_member(await a_firm("Another")), 1)
    await people(by, 1)
    await store.execute("ANALYZE")
    await imported(by, _clients(MANY, "new"), toggles=INVITING, pace=AtOnce)
    page = await account.page(by, AccountFilter(), AccountOrder.NAME_ASC, Window(PAGE))
    ids = [row.id for row in page.rows]
    each_table_once = 10 * MANY  # in both statements: for a firm of this size as short a way as one by one
    assert await rows_read(by, _contacts_and_toggles(by, ids)) < each_table_once < PAGE * MANY


async def _contacts_and_toggles(by: Viewer, account_ids: Sequence[UUID]) -> None:
    assert await contact.linked_to(by, account_ids)
    assert await toggles.of_accounts(by, account_ids)
