"""A contact as a state to follow: behind the real edge, with real sessions, journal and hub, by a clock set here."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

import strawberry
from starlette.requests import HTTPConnection
from starlette.routing import Route

from graph.context import Info
from graph.engine.transport import Call, GraphQLEndpoint, Schema
from graph.engine.transport.errors import Answer
from graph.engine.transport.operation import answers
from graph.engine.transport.request import GraphQLRequest
from graph.ids import Kind, global_id, key_of
from graph.process.budget import Budgeted
from graph.process.operations import Observed
from graph.schema import HelpInDevelopment
from graph.scopes import ScopedExecutor, Scopes
from graph.state import State, latest, tells_of
from models import contact, feed, journal
from models.contact import ContactView
from models.ground.pace import Pace
from models.journal import JournalKind
from models.session import SignedIn
from models.viewer import Actor, Viewer
from tests.support.api.client import Api
from tests.support.api.feed import say
from tests.support.api.toy_server import until
from tests.support.waiting import patience

DONE = "Done"
FOLLOW = "subscription ($id: ID!) { contactState(id: $id) { name emails } }"
SECOND = 1.0


class Gate(StrEnum):
    """On the way of who reads a state: for one subscriber, or for a group; before it is looked up, or after."""

    ALONE_BEFORE = "alone, before"
    ALONE_AFTER = "alone, after"
    GROUP_BEFORE = "group, before"
    GROUP_AFTER = "group, after"


@dataclass
class Stage:
    """
    What tests look at, and what they set. `seconds`: the pace of the states, by a clock that stands still but for
    `pass_second`. `came`: how many have come to each gate.
    """

    seconds: float = 0.0
    at: float = 0.0
    paces: int = 0
    resting: int = 0
    came: Counter[Gate] = field(default_factory=Counter)
    shut: dict[Gate, asyncio.Event] = field(default_factory=dict)
    ticked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def reads(self) -> int:
        return self.came[Gate.ALONE_AFTER] + self.came[Gate.GROUP_AFTER]

    @asynccontextmanager
    async def closed(self, gate: Gate) -> AsyncIterator[None]:
        """Who comes to it waits for the end of the block."""
        self.shut[gate] = asyncio.Event()
        try:
            yield
        finally:
            self.shut.pop(gate).set()

    async def read(self, info: Info, key: UUID) -> ContactView | None:
        for_group = info.context.follower.for_group
        await self._pass(Gate.GROUP_BEFORE if for_group else Gate.ALONE_BEFORE)
        view = await info.context.loaders.contact.load(key)
        await self._pass(Gate.GROUP_AFTER if for_group else Gate.ALONE_AFTER)
        return view

    async def _pass(self, gate: Gate) -> None:
        self.came[gate] += 1
        if gate in self.shut:
            await self.shut[gate].wait()

    def pace(self) -> Pace:
        self.paces += 1
        return Pace(self.seconds, now=lambda: self.at, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        ends = self.at + seconds
        self.resting += 1
        try:
            while self.at < ends:
                await self.ticked.wait()
        finally:
            self.resting -= 1

    def pass_second(self) -> None:
        self.at += SECOND
        ticked, self.ticked = self.ticked, asyncio.Event()
        ticked.set()


@strawberry.type
class ContactState:
    key: strawberry.Private[UUID]
    name: str

    @strawberry.field
    async def emails(self, info: Info) -> int:
        return len(await info.context.loaders.contact_emails.load(self.key))


@strawberry.type
class Query:
    @strawberry.field
    def nothing(self) -> None:
        return None


def schema_of(stage: Stage) -> Schema:
    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def contact_state(self, info: Info, id: strawberry.ID) -> AsyncGenerator[ContactState, None]:
            key = key_of(Kind.CONTACT, id)
            state = State(
                read=partial(stage.read, info, key),
                moved_by=tells_of(key, JournalKind.CONTACT_CHANGED),
                has_ended=lambda view: view.name == DONE,
                missing="There is no such contact.",
                pace=stage.pace(),
            )
            async for view in latest(info, state):
                yield ContactState(key=view.id, name=view.name)

    extensions: list[Any] = [Observed, HelpInDevelopment, Scopes, Budgeted]
    return Schema(Query, None, Subscription, extensions=extensions, execution_context_class=ScopedExecutor)


def endpoint_of(api: Api) -> GraphQLEndpoint:
    (found,) = (route.endpoint for route in api.app.routes if isinstance(route, Route) and route.path == "/graphql")
    assert isinstance(found, GraphQLEndpoint)
    return found


def staged(api: Api) -> Stage:
    """The API serves `contactState` instead of its own schema from now on."""
    stage = Stage()
    endpoint_of(api).schema = schema_of(stage)
    return stage


@dataclass
class Reader:
    """Asks for the next answer when the test does, and is busy until then."""

    answers: AsyncGenerator[Answer, None]

    async def next(self) -> Answer:
        """Raises StopAsyncIteration at the end."""
        async with patience():
            return await anext(self.answers)

    async def name(self) -> Any:
        return (await self.next()).body["data"]["contactState"]["name"]


@asynccontextmanager
async def by_hand(api: Api, contact_id: UUID, who: SignedIn[Viewer]) -> AsyncIterator[Reader]:
    """The same without a wire."""
    endpoint = endpoint_of(api)
    connection = HTTPConnection({"type": "http", "headers": []})
    context = await endpoint.context_getter(Call(connection, "by-hand", f"Bearer {who.token}"))
    asked = GraphQLRequest(FOLLOW, {"id": global_id(Kind.CONTACT, contact_id)})
    async with aclosing(answers(endpoint, asked, context, request_id="by-hand")) as told:
        yield Reader(told)


async def renamed(by: Actor, contact_id: UUID, *names: str) -> None:
    """One after the other, each in a transaction of its own; known to this process's hub in the end."""
    for name in names:
        await contact.update(by, contact_id, name=name)
    await heard(by)


async def elsewhere(by: Actor, *texts: str) -> None:
    """Something else happens in the firm, in one transaction."""
    await say(by, *texts)
    await heard(by)


async def heard(by: Actor) -> None:
    """The hub has read all that happened in the firm, where it follows it."""
    head = await journal.head(by.firm_id)
    await until(lambda: feed.hub.followed().get(by.firm_id, head) >= head)
