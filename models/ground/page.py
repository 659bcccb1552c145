"""Keyset pages: read by row values along an index, so that a deep page costs what the first does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from models.ground import store

T = TypeVar("T")
Key = tuple[str, UUID]
"""Where a row stands in its order: the sort value as text, and its id."""


@dataclass(frozen=True, slots=True)
class Order:
    """`column` and its PostgreSQL `type`; ties are broken by the id of the same table."""

    name: str
    column: str
    type: str = "text"
    descending: bool = False
    id_column: str = ""

    def __post_init__(self) -> None:
        if not self.id_column:
            object.__setattr__(self, "id_column", self.column.split(".")[0] + ".id")


@dataclass(frozen=True, slots=True)
class Window:
    """At most `size` rows after `after` and before `before`; `from_end`: the last ones of these."""

    size: int = 25
    after: Key | None = None
    before: Key | None = None
    from_end: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows in order, each with its key."""

    rows: tuple[T, ...]
    keys: tuple[Key, ...]
    has_next: bool
    has_previous: bool


async def page(
    select: str, args: Sequence[object], *, order: Order, window: Window, read: Callable[[Any], T]
) -> Page[T]:
    """
    One statement. `select` ends in its WHERE conditions and has `{sort}` among its columns.

    One row more than asked tells whether there are more.
    """
    query, arguments = _query(select, args, order, window)
    return _cut(await store.rows(query, *arguments), window, read)


async def page_of_each(
    parents: Sequence[UUID],
    select: str,
    args: Sequence[object],
    *,
    order: Order,
    window: Window,
    read: Callable[[Any], T],
) -> dict[UUID, Page[T]]:
    """A page for each parent, all in one statement. `select` has `{parent}` in its conditions."""
    query, arguments = _query(select.replace("{parent}", "parent.id"), args, order, window)
    of_each = f"FROM unnest(${len(arguments) + 1}::uuid[]) AS parent(id) CROSS JOIN LATERAL ({query}) AS child"
    grouped: dict[UUID, list[Any]] = {parent: [] for parent in parents}
    beginning = store.AFRESH if query.startswith(store.AFRESH) else ""
    statement = f"{beginning}SELECT parent.id AS parent_id, child.* {of_each}"
    for child in await store.rows(statement, *arguments, list(parents)):
        grouped[child["parent_id"]].append(child)
    return {parent: _cut(children, window, read) for parent, children in grouped.items()}


async def count_of_each(firm_id: UUID, parents: Sequence[UUID], table: str, column: str) -> dict[UUID, int]:
    """How many rows name each parent in this column; of those that none names, nothing."""
    query = f"""SELECT {column}, count(*) FROM {table}
      WHERE firm_id = $1 AND {column} = ANY($2::uuid[]) GROUP BY {column}"""
    return {group[column]: group["count"] for group in await store.rows(query, firm_id, list(parents))}


def _query(select: str, args: Sequence[object], order: Order, window: Window) -> tuple[str, list[object]]:
    arguments = list(args)
    bounds, in_order = bounded(order, window, arguments)
    query = select.replace("{sort}", f"({order.column})::text AS sort_value") + bounds
    return f"{query} {in_order} LIMIT {window.size + 1}", arguments


def bounded(order: Order, window: Window, arguments: list[object]) -> tuple[str, str]:
    """The window's bounds as more conditions, whose values join `arguments`, and its ORDER BY."""
    after, before = ("<", ">") if order.descending else (">", "<")
    bounds = _bound(order, after, window.after, arguments) + _bound(order, before, window.before, arguments)
    way = "DESC" if order.descending != window.from_end else "ASC"
    return bounds, f"ORDER BY {order.column} {way}, {order.id_column} {way}"


def _bound(order: Order, sign: str, key: Key | None, arguments: list[object]) -> str:
    if key is None:
        return ""
    arguments += key
    last = len(arguments)
    return f" AND ({order.column}, {order.id_column}) {sign} (${last - 1}::text::{order.type}, ${last}::uuid)"


def _cut(rows: Sequence[Any], window: Window, read: Callable[[Any], T]) -> Page[T]:
    more = len(rows) > window.size
    records = list(rows[: window.size])
    if window.from_end:
        records.reverse()
    return Page(
        rows=tuple(map(read, records)),
        keys=tuple((record["sort_value"], record["id"]) for record in records),
        has_next=window.before is not None if window.from_end else more,
        has_previous=more if window.from_end else window.after is not None,
    )
