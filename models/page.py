"""Keyset pages: read by row values along an index, so that a deep page costs what the first does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from models import store

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

    @property
    def id_column(self) -> str:
        return self.column.split(".")[0] + ".id"


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
    down = order.descending != window.from_end
    arguments = list(args)
    bounds = "".join(
        _bound(order, sign, arguments, key)
        for key, sign in ((window.after, "<" if order.descending else ">"), (window.before, ">" if order.descending else "<"))
        if key is not None
    )
    way = "DESC" if down else "ASC"
    query = select.replace("{sort}", f"({order.column})::text AS sort_value") + bounds
    found = await store.rows(
        f"{query} ORDER BY {order.column} {way}, {order.id_column} {way} LIMIT {window.size + 1}", *arguments
    )
    more = len(found) > window.size
    kept = list(found[: window.size])
    if window.from_end:
        kept.reverse()
    return Page(
        rows=tuple(read(row) for row in kept),
        keys=tuple((row["sort_value"], row["id"]) for row in kept),
        has_next=window.before is not None if window.from_end else more,
        has_previous=more if window.from_end else window.after is not None,
    )


def _bound(order: Order, sign: str, arguments: list[object], key: Key) -> str:
    arguments += key
    last = len(arguments)
    return f" AND ({order.column}, {order.id_column}) {sign} (${last - 1}::text::{order.type}, ${last}::uuid)"
