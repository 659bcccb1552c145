"""A toy schema behind the real edge, on a real uvicorn: what the tests of the transport talk to."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import pytest
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route, WebSocketRoute
from strawberry.dataloader import DataLoader

from graph.engine.transport import Call, GraphQLEndpoint, RequestCode, RequestError, Schema
from graph.engine.transport.door import FRAMES, REQUEST_SECONDS, HttpDoor, SocketDoor
from graph.engine.transport.places import Places
from models.ground.store import Away
from tests.support.servers.http import PromptServer
from tests.support.waiting import patience

COOKIE = "toy-session"
SECRET = "hunter2-in-a-stack-trace"


@dataclass
class World:
    """What the toy knows; tests look here."""

    names: dict[str, str] = field(default_factory=lambda: {"1": "Ada"})
    loads: int = 0
    away: bool = False
    open_streams: int = 0
    revoked: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0


@dataclass
class ToyContext:
    world: World
    session_id: str | None
    call: Call
    names: DataLoader[str, str]

    @classmethod
    def of(cls, world: World, session_id: str | None, call: Call) -> "ToyContext":
        async def load(keys: list[str]) -> list[str]:
            world.loads += 1
            if world.away:
                raise Away(SECRET)
            return [world.names[key] for key in keys]

        return cls(world, session_id, call, DataLoader(load))

    @property
    def holder(self) -> str | None:
        return self.session_id

    def renew(self) -> Self:
        return type(self).of(self.world, self.session_id, self.call)  # type: ignore[return-value]


Info = strawberry.Info[ToyContext, None]


@strawberry.type
class Item:
    id: strawberry.ID

    @strawberry.field
    async def name(self, info: Info) -> str:
        return await info.context.names.load(self.id)

    @strawberry.field
    def items(self, first: int | None = None, last: int | None = None) -> "ItemConnection":
        return ItemConnection()

    @strawberry.field
    def self(self) -> "Item":
        return self


@strawberry.type
class ItemConnection:
    @strawberry.field
    def nodes(self) -> list[Item]:
        return []

    @strawberry.field
    def total_count(self) -> int:
        return 0


@strawberry.input
class Nested:
    inside: "Nested | None" = None


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"Hello {name}"

    @strawberry.field
    def item(self, id: strawberry.ID | None = None) -> Item:
        return Item(id=id or strawberry.ID("1"))

    @strawberry.field
    def items(self, first: int | None = None, last: int | None = None) -> ItemConnection:
        return ItemConnection()

    @strawberry.field
    def several(self, ids: list[strawberry.ID]) -> list[Item]:
        return [Item(id=one) for one in ids]

    @strawberry.field
    def whoami(self, info: Info) -> str | None:
        return info.context.session_id

    @strawberry.field
    def crash(self) -> str | None:
        raise ValueError(SECRET)

    @strawberry.field
    def crash_all(self) -> str:
        raise ValueError(SECRET)

    @strawberry.field
    def none(self) -> str:
        return None  # type: ignore[return-value]

    @strawberry.field
    def too_big(self) -> int | None:
        return 2**40

    @strawberry.field
    def not_json(self) -> strawberry.scalars.JSON:
        return {"nothing": object()}  # type: ignore[return-value]

    @strawberry.field
    def refused(self) -> str | None:
        raise RequestError(RequestCode.UNAUTHENTICATED, "Sign in first.")

    @strawberry.field
    def nested(self, input: Nested) -> bool:
        return True

    @strawberry.field
    def number(self, n: int = 3) -> int:
        return n

    @strawberry.field
    async def wait(self, info: Info) -> str:
        info.context.world.waiting += 1
        await info.context.world.bell.wait()
        return "rung"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def rename(self, info: Info, id: strawberry.ID, name: str) -> Item:
        info.context.world.names[id] = name
        return Item(id=id)

    @strawberry.mutation
    def whoami(self, info: Info) -> str | None:
        return info.context.session_id

    @strawberry.mutation
    def sign_in(self, info: Info) -> bool:
        if info.context.call.response is not None:
            info.context.call.response.set_cookie(COOKIE, "ada")
        return True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int = 3) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number

    @strawberry.subscription
    async def whoami(self, info: Info) -> AsyncGenerator[str | None, None]:
        yield info.context.session_id

    @strawberry.subscription
    async def forever(self, info: Info) -> AsyncGenerator[int, None]:
        info.context.world.open_streams += 1
        try:
            yield 0
            await asyncio.Event().wait()
        finally:
            info.context.world.open_streams -= 1

    @strawberry.subscription
    async def changes(self, info: Info, times: int = 2) -> AsyncGenerator[Item, None]:
        for number in range(times):
            info.context.world.names["1"] = f"Ada {number}"
            yield Item(id=strawberry.ID("1"))

    @strawberry.subscription
    async def flood(self, info: Info) -> AsyncGenerator[str, None]:
        info.context.world.open_streams += 1
        try:
            while True:
                yield "x" * 100_000
        finally:
            info.context.world.open_streams -= 1

    @strawberry.subscription
    async def rings(self, info: Info) -> AsyncGenerator[Item, None]:
        while True:
            yield Item(id=strawberry.ID("1"))
            await info.context.world.bell.wait()

    @strawberry.subscription
    async def loses_the_database(self) -> AsyncGenerator[int, None]:
        yield 1
        raise Away(SECRET)

    @strawberry.subscription
    async def breaks(self) -> AsyncGenerator[int, None]:
        yield 1
        raise ValueError(SECRET)


schema = Schema(Query, Mutation, Subscription)


def endpoint_of(world: World, **settings: Any) -> GraphQLEndpoint:
    async def context_of(call: Call) -> ToyContext:
        world.calls.append(call)
        token = (call.authorization or "").removeprefix("Bearer ") or call.connection.cookies.get(COOKIE)
        if token == "crash":
            raise ValueError(SECRET)
        if token == "away":
            raise Away(SECRET)
        if token == "wrong" or token in world.revoked:
            raise RequestError(RequestCode.UNAUTHENTICATED, "This session has ended. Sign in again.")
        return ToyContext.of(world, token, call)

    return GraphQLEndpoint(schema, context_getter=context_of, cookie=COOKIE, **settings)


@dataclass
class Toy:
    """A running server. `url` is its http origin; `finished` when it has shut down."""

    world: World
    endpoint: GraphQLEndpoint
    server: uvicorn.Server
    port: int
    serving: "asyncio.Task[None]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"

    async def stop(self) -> None:
        self.server.should_exit = True
        await self.serving


@asynccontextmanager
async def serving(
    routes: Sequence[BaseRoute] = (),
    *,
    door_seconds: float = REQUEST_SECONDS,
    door_most: int | None = None,
    door_frames: int = FRAMES,
    **settings: Any,
) -> AsyncIterator[Toy]:
    """The toy on a free port of the loopback, with uvicorn as in production."""
    world = World()
    endpoint = endpoint_of(world, **settings)
    mine = [Route("/graphql", endpoint), WebSocketRoute("/graphql", endpoint)]
    door = partial(HttpDoor, seconds=door_seconds, places=Places(door_most, always=["/healthz"]))
    server = PromptServer(_config(Starlette(routes=[*mine, *routes]), door, partial(SocketDoor, most=door_frames)))
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    toy = Toy(world, endpoint, server, server.servers[0].sockets[0].getsockname()[1], task)
    try:
        yield toy
    finally:
        await toy.stop()


@pytest.fixture
async def toy() -> AsyncIterator[Toy]:
    async with serving() as toy:
        yield toy


def _config(app: Starlette, door: Any, socket_door: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        http=door,
        ws=socket_door,
        lifespan="off",
        log_config=None,
        ws_max_size=128 * 1024,
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        timeout_graceful_shutdown=5,
        headers=[("X-Content-Type-Options", "nosniff")],
    )


async def until(condition: Any) -> None:
    """Waits for what another task brings about."""
    async with patience():
        while not condition():  # noqa: ASYNC110 - the condition is any state of the server
            await asyncio.sleep(0.005)
