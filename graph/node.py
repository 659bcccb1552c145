"""Any object by its global id; null where there is none that the viewer may see."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import strawberry

from graph.context import Info, viewer_of
from graph.engine.completion import made
from graph.ids import NOTHING, Kind, parsed
from models.at_once import must_be_few


@strawberry.interface
class Node:
    id: strawberry.ID


def made_id(kind: Kind) -> Any:
    """The field `id` of a type that shows views."""
    begins = kind + "_"  # here, as it costs more than the rest

    def global_id_of(parent: strawberry.Parent[Any]) -> strawberry.ID:
        return strawberry.ID(begins + parent.id.hex)

    return made(global_id_of)


READERS: dict[Kind, Callable[[Info, UUID], Awaitable[Node | None]]] = {}
R = TypeVar("R", bound=Callable[[Info, UUID], Awaitable[Node | None]])


def reads(kind: Kind) -> Callable[[R], R]:
    """`@reads(Kind.ACCOUNT)`: the function that reads a node of this kind; null where the viewer may not see it."""

    def decorate(reader: R) -> R:
        READERS[kind] = reader
        return reader

    return decorate


async def node_of(info: Info, id: str) -> Node | None:
    viewer_of(info)
    kind, key = parsed(id) or (None, NOTHING)
    return await READERS[kind](info, key) if kind in READERS else None


@strawberry.type
class NodeQuery:
    @strawberry.field
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        return await node_of(info, id)

    @strawberry.field
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        must_be_few(ids, "ids", "ids")
        return list(await asyncio.gather(*(node_of(info, id_) for id_ in ids)))
