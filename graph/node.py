"""Any object by its global id; null where there is none that the viewer may see."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

import strawberry

from graph.context import Info, viewer_of
from graph.engine.completion import made
from graph.ids import Kind, parsed
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


HOMES = {
    Kind.FIRM: "firm",
    Kind.TEAM_MEMBER: "firm",
    Kind.EMAIL_FIELD: "firm",
    Kind.ACCOUNT: "account",
    Kind.CONTACT: "contact",
    Kind.EMAIL_ADDRESS: "address",
    Kind.PORTAL_USER: "address",
    Kind.TOGGLES: "toggles",
    Kind.INVITATION: "invitation",
    Kind.MAILBOX: "mailbox",
    Kind.EMAIL: "email",
    Kind.ATTACHMENT: "email",
    Kind.NOTIFICATION: "notification",
    Kind.JOURNAL_ENTRY: "journal",
    Kind.API_TOKEN: "api_token",
}
"""Which file of graph/ reads which kind; each has `READERS`, by kind."""


async def node_of(info: Info, given: str) -> Node | None:
    viewer_of(info)
    found = parsed(given)
    if found is None or found[0] not in HOMES:
        return None
    kind, key = found
    readers: dict[Kind, Callable[[Info, Any], Awaitable[Node | None]]]
    readers = import_module(f"graph.{HOMES[kind]}").READERS
    return await readers[kind](info, key)


@strawberry.type
class NodeQuery:
    @strawberry.field
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        return await node_of(info, id)

    @strawberry.field
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        must_be_few(ids, "ids", "ids")
        return list(await asyncio.gather(*(node_of(info, each) for each in ids)))
