"""Relay connections over keyset pages."""

import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
import strawberry
from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from graph.context import Info, signed_in
from graph.engine.completion import made
from graph.engine.transport import RequestCode, RequestError
from graph.scalars import Cursor, cursor_at
from models import journal
from models.ground import keys
from models.ground.page import Key, Page, Window

DEFAULT, MOST = 25, 100
SIGNATURE = 12  # characters
FORM = 1
"""Begins a cursor: the number of its form. Cursors of the first release begin with their signature."""
OUTDATED = "This page cursor is from before an update of the server. Begin with the first page."
T = TypeVar("T")
V = TypeVar("V")
C = TypeVar("C", bound="Connection[Any]")


def _cursor(parent: strawberry.Parent[Any]) -> str:
    return page_cursor(parent.key, parent.order)


def _start_cursor(parent: strawberry.Parent[Any]) -> str | None:
    return page_cursor(parent.keys[0], parent.order) if parent.keys else None


def _end_cursor(parent: strawberry.Parent[Any]) -> str | None:
    return page_cursor(parent.keys[-1], parent.order) if parent.keys else None


@strawberry.type
class PageInfo:
    """Signing cursors takes time, so that they are made only where they are asked for."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None = made(_start_cursor)
    end_cursor: str | None = made(_end_cursor)
    keys: strawberry.Private[Sequence[Key]]
    order: strawberry.Private[str]


@strawberry.type
class Edge(Generic[T]):
    cursor: str = made(_cursor)
    node: T
    key: strawberry.Private[Key]
    order: strawberry.Private[str]


@strawberry.type
class Connection(Generic[T]):
    edges: list[Edge[T]]
    nodes: list[T]
    page_info: PageInfo
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field
    async def total_count(self) -> int:
        return await self.count()


@strawberry.type(name="Connection")
class FeedConnection(Connection[T], Generic[T]):
    """A connection with a cursor from which a feed can go on."""

    feed_cursor: Cursor = strawberry.field(description="Where the journal stood when this page was read.")


def window_of(
    about: str,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Window:
    """
    `about`: the list with its order and filter (models.ground.canonical).

    Raises RequestError for sizes out of bounds, for cursors of another list, and for those of an earlier release
    (PAGE_CURSOR_OUTDATED).
    """
    if first is not None and last is not None:
        raise RequestError(RequestCode.BAD_USER_INPUT, "Give `first` or `last`, not both.")
    size = DEFAULT if first is None and last is None else first if first is not None else last
    if size is None or not 1 <= size <= MOST:
        raise RequestError(RequestCode.BAD_USER_INPUT, f"A page has 1 to {MOST} entries; {size} were asked for.")
    return Window(size, _key(after, about), _key(before, about), from_end=last is not None)


def page_cursor(key: Key, order: str) -> str:
    """Signed with its order and filter, so that no made-up cursor reaches the database."""
    value, row_id = key[0], str(key[1])
    packed = orjson.dumps([FORM, _signature(order, value, row_id), value, row_id])
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _signature(order: str, value: str, row_id: str) -> str:
    return keys.installation().signature("page", orjson.dumps([order, value, row_id]).decode())[:SIGNATURE]


def _key(cursor: str | None, about: str) -> Key | None:
    if cursor is None:
        return None
    try:
        form, *parts = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if _is_outdated(form, parts):
            raise RequestError(RequestCode.PAGE_CURSOR_OUTDATED, OUTDATED)
        signature, value, row_id = parts
        if form == FORM and signature == _signature(about, value, row_id):
            return value, UUID(row_id)
    except (ValueError, TypeError):
        pass
    message = "This is no page cursor of this list, in this order and with this filter. Begin with the first page."
    raise RequestError(RequestCode.BAD_USER_INPUT, message)


def _is_outdated(form: object, parts: Sequence[object]) -> bool:
    if isinstance(form, str):
        return len(form) == SIGNATURE and len(parts) == 2
    return isinstance(form, int) and form != FORM


def connected(
    kind: type[C],
    page: Page[V],
    about: str,
    *,
    node: Callable[[V], T],
    count: Callable[[], Awaitable[int]],
    edge: type[Any] = Edge,
    **more: Any,
) -> C:
    """The page as a connection of `kind`."""
    nodes = [node(view) for view in page.rows]
    return kind(
        edges=[edge(node=shown, key=key, order=about) for shown, key in zip(nodes, page.keys, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            keys=page.keys,
            order=about,
        ),
        count=count,
        **more,
    )


async def feed_cursor(info: Info) -> Cursor:
    """The journal's position, read before the rows, and only where the cursor is asked for."""
    raw = info._raw_info  # `info.selected_fields` would convert the whole tree
    if not any(_asks_for(node.selection_set, raw.fragments, "feedCursor") for node in raw.field_nodes):
        return cursor_at(0)
    return cursor_at(await journal.head(signed_in(info.context).firm_id))


def _asks_for(selected: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode], name: str) -> bool:
    for selection in selected.selections if selected else ():
        if isinstance(selection, FieldNode):
            asks = selection.name.value == name
        elif isinstance(selection, FragmentSpreadNode):
            asks = _asks_for(fragments[selection.name.value].selection_set, fragments, name)
        else:
            asks = isinstance(selection, InlineFragmentNode) and _asks_for(selection.selection_set, fragments, name)
        if asks:
            return True
    return False
