"""Keyset pages: every row exactly once, in order, whichever way and however much at a time."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from models.account import AccountFilter, AccountOrder
from models.account import page as accounts_page
from models.ground import store
from models.ground.page import Key, Order, Page, Window, page, page_of_each
from tests.support.firm.factories import a_firm, a_member, an_account

pytestmark = pytest.mark.usefixtures("store")

THOROUGH = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
TEXTS = st.lists(st.sampled_from(["", "a", "b", "B", "é", "v0012", "v00210", "zz", "'", "\\"]), max_size=14)
NUMBERS = st.lists(st.integers(-3, 3) | st.integers(-(2**62), 2**62), max_size=14)
SELECT = "SELECT n.id, n.text, n.number, n.parent, {sort} FROM numbered n WHERE n.parent = {parent}"
Row = tuple[UUID, str | int]


async def _fill(values: list[Any], column: str, parents: int = 1) -> list[UUID]:
    """The rows are dealt out to the parents in turn."""
    await store.execute(
        "CREATE TABLE IF NOT EXISTS numbered (id uuid PRIMARY KEY, parent uuid, text text, number bigint)"
    )
    await store.execute("TRUNCATE numbered")
    ids = [uuid7() for _ in range(parents)]
    for n, value in enumerate(values):
        await store.execute(
            f"INSERT INTO numbered (id, parent, {column}) VALUES ($1, $2, $3)", uuid7(), ids[n % parents], value
        )
    return ids


async def _expected(parent: UUID, order: Order) -> list[Row]:
    way = "DESC" if order.descending else "ASC"
    query = f"SELECT id, {order.column} AS value FROM numbered n WHERE parent = $1"
    found = await store.rows(f"{query} ORDER BY {order.column} {way}, id {way}", parent)
    return [(row["id"], row["value"]) for row in found]


async def _page(parent: UUID, order: Order, window: Window) -> Page[Row]:
    name = order.column.split(".")[1]
    select = SELECT.replace("{parent}", "$1")
    return await page(select, [parent], order=order, window=window, read=lambda row: (row["id"], row[name]))


async def _walk(parent: UUID, order: Order, window: Window) -> list[Row]:
    found: list[Row] = []
    while True:
        one = await _page(parent, order, window)
        assert len(one.rows) <= window.size
        found = [*one.rows, *found] if window.from_end else [*found, *one.rows]
        if not (one.has_previous if window.from_end else one.has_next):
            return found
        assert one.rows, "a page that says there is more is not empty"
        window = replace(window, before=one.keys[0]) if window.from_end else replace(window, after=one.keys[-1])


@THOROUGH
@given(values=TEXTS, size=st.integers(1, 6), descending=st.booleans(), from_end=st.booleans())
async def test_paging_through_texts_gives_every_row_once_and_in_order(
    values: list[str], size: int, descending: bool, from_end: bool
) -> None:
    (parent,) = await _fill(values, "text")
    order = Order("x", "n.text", descending=descending)
    assert await _walk(parent, order, Window(size, from_end=from_end)) == await _expected(parent, order)


@THOROUGH
@given(values=NUMBERS, size=st.integers(1, 6), descending=st.booleans(), from_end=st.booleans())
async def test_paging_through_numbers_gives_every_row_once_and_in_order(
    values: list[int], size: int, descending: bool, from_end: bool
) -> None:
    (parent,) = await _fill(values, "number")
    order = Order("x", "n.number", "bigint", descending=descending)
    assert await _walk(parent, order, Window(size, from_end=from_end)) == await _expected(parent, order)


@THOROUGH
@given(values=NUMBERS, cut=st.tuples(st.integers(0, 13), st.integers(0, 13)), size=st.integers(1, 20))
async def test_between_two_rows_stand_those_that_stand_between_them(
    values: list[int], cut: tuple[int, int], size: int
) -> None:
    (parent,) = await _fill(values, "number")
    order = Order("x", "n.number", "bigint")
    everything = await _page(parent, order, Window(100))
    low, high = (min(each, len(values)) for each in sorted(cut))
    after: Key | None = everything.keys[low - 1] if low else None
    before: Key | None = everything.keys[high] if high < len(values) else None
    between = everything.rows[low:high]
    first = await _page(parent, order, Window(size, after=after, before=before))
    last = await _page(parent, order, Window(size, after=after, before=before, from_end=True))
    assert first.rows == between[:size]
    assert last.rows == between[-size:]
    assert first.has_next == (len(between) > size)
    assert last.has_previous == (len(between) > size)


@THOROUGH
@given(
    values=NUMBERS,
    parents=st.integers(1, 4),
    size=st.integers(1, 5),
    descending=st.booleans(),
    from_end=st.booleans(),
)
async def test_a_page_of_each_is_the_page_that_each_alone_would_get(
    values: list[int], parents: int, size: int, descending: bool, from_end: bool
) -> None:
    ids = [*await _fill(values, "number", parents), uuid7()]  # the last has no rows
    order, window = Order("x", "n.number", "bigint", descending), Window(size, from_end=from_end)
    found = await page_of_each(ids, SELECT, [], order=order, window=window, read=lambda row: (row["id"], row["number"]))
    assert list(found) == ids
    for parent in ids:
        assert found[parent] == await _page(parent, order, window)


async def test_rows_that_come_meanwhile_shift_no_page() -> None:
    (parent,) = await _fill([1, 3, 5, 7], "number")
    order = Order("x", "n.number", "bigint")
    first = await _page(parent, order, Window(2))
    for value in (0, 2, 4):
        await store.execute("INSERT INTO numbered (id, parent, number) VALUES ($1, $2, $3)", uuid7(), parent, value)
    second = await _page(parent, order, Window(2, after=first.keys[-1]))
    assert [value for _, value in second.rows] == [4, 5]


@pytest.mark.parametrize("order", AccountOrder)
async def test_accounts_can_be_paged_in_every_order(order: AccountOrder) -> None:
    firm = await a_firm()
    owner = await a_member(firm)
    for name in ("Zoë", "ab", "Ábaco", "V10", "V9", "V9"):
        await an_account(firm, name=name)
    everything = await accounts_page(owner, AccountFilter(), order, Window(50))
    found, window = [], Window(2)
    while (one := await accounts_page(owner, AccountFilter(), order, window)).rows:
        found += [row.id for row in one.rows]
        window = replace(window, after=one.keys[-1])
    assert found == [row.id for row in everything.rows]
    assert len(found) == 6


async def test_names_sort_as_people_sort_them() -> None:
    firm = await a_firm()
    owner = await a_member(firm)
    for name in ("Zoë", "école", "Eco", "V10", "v9", "Ábaco"):
        await an_account(firm, name=name)
    up = await accounts_page(owner, AccountFilter(), AccountOrder.NAME_ASC, Window(50))
    assert [row.name for row in up.rows] == ["Ábaco", "Eco", "école", "v9", "V10", "Zoë"]
    down = await accounts_page(owner, AccountFilter(), AccountOrder.NAME_DESC, Window(50))
    assert [row.name for row in down.rows] == [row.name for row in reversed(up.rows)]
