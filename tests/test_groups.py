"""Identical subscriptions execute once and are encoded once; each delivery is authorised for itself."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)
from starlette.requests import HTTPConnection
from websockets.exceptions import ConnectionClosed

from graph.context import BY_RIGHTS, PERSONAL
from graph.engine.transport.call import Call
from graph.engine.transport.errors import Answer
from graph.engine.transport.groups import KEPT
from graph.engine.transport.http import GraphQLEndpoint
from graph.engine.transport.operation import answers
from graph.engine.transport.request import GraphQLRequest
from graph.ids import Kind, global_id
from graph.schema import schema
from models import session
from models.ground import clock
from models.session import SignedIn
from models.viewer import TeamRole
from tests.support.api.client import Api, Following, TopLevelErrors, bearer
from tests.support.emails.received import a_message, a_synced_firm, received
from tests.support.firm.factories import a_firm, an_account, counting, signed_in, switched
from tests.support.waiting import PATIENCE, patience

LIVE = """subscription Live($after: Cursor) { togglesChanged(after: $after) {
  __typename ... on FeedEvent { cursor } ... on TogglesChanged { toggles { login address { address } } } } }"""


async def begun(stack: AsyncExitStack, api: Api, who: SignedIn, after: str | None = None) -> Following:
    """A window of its own, whose feed has begun."""
    window = await stack.enter_async_context(api.follow(LIVE, {"after": after}, as_=who))
    assert (await heard(window))["__typename"] == "FeedReady"
    return window


async def heard(window: Following) -> Any:
    return await window.next()


async def test_one_event_to_many_windows_takes_as_many_statements_as_to_one(api: Api) -> None:
    by = await a_firm()
    made = await an_account(by)
    members = [await signed_in(by, role=TeamRole.EMPLOYEE) for _ in range(4)]
    costs = []
    for number in (1, 24):
        async with AsyncExitStack() as stack:
            windows = [await begun(stack, api, members[n % 4]) for n in range(number)]
            await switched(by, made.id, made.address, login=number == 1)
            for window in windows:  # each of them goes on with the group
                await heard(window)
            async with counting() as statements:
                await switched(by, made.id, made.address, notify=number == 1)
                told = [await heard(window) for window in windows]
            assert all(each == told[0] for each in told)
            costs.append(len(statements))
    assert costs[1] <= costs[0] + 2, costs  # who may hear of it is asked for all at once


async def test_windows_that_began_at_different_places_each_get_everything_once(api: Api) -> None:
    by = await a_firm()
    owner = await signed_in(by)
    made = await an_account(by)
    async with AsyncExitStack() as stack:
        windows = [await begun(stack, api, owner, "c0")]
        for turn in range(6):
            await switched(by, made.id, made.address, login=turn % 2 == 0)
            if turn in {2, 4}:
                windows.append(await begun(stack, api, owner, "c0"))
        told = [[(await heard(window))["cursor"] for _ in range(7)] for window in windows]
    assert told[0] == told[1] == told[2]
    assert len(set(told[0])) == 7


async def unread(api: Api, who: SignedIn) -> AsyncGenerator[Answer, None]:
    """The answers of a window that takes them one by one, as it likes."""
    endpoint: GraphQLEndpoint = api.app.routes[0].app  # type: ignore[attr-defined]
    nowhere = HTTPConnection({"type": "http", "headers": [], "client": ("127.0.0.1", 1)})
    context = await endpoint.context_getter(Call(nowhere, "unread", bearer(who)["authorization"]))
    return answers(endpoint, GraphQLRequest(LIVE, {"after": None}), context, request_id="unread")


async def test_a_window_that_its_group_has_left_behind_goes_on_where_it_stood(api: Api) -> None:
    """It is not greeted again."""
    by = await a_firm()
    owner, made = await signed_in(by), await an_account(by)
    async with AsyncExitStack() as stack, patience(), aclosing(await unread(api, owner)) as slow:
        quick = await begun(stack, api, owner)
        told, cursors = [(await anext(slow)).body["data"]["togglesChanged"]["__typename"]], []
        for turn in range(KEPT + 2):
            await switched(by, made.id, made.address, login=turn % 2 == 0)
            cursors.append((await heard(quick))["cursor"])
            if turn == 0:  # with the group
                told.append((await anext(slow)).body["data"]["togglesChanged"]["cursor"])
        told += [(await anext(slow)).body["data"]["togglesChanged"]["cursor"] for _ in cursors[1:]]
        assert told == ["FeedReady", *cursors]
        last = asyncio.ensure_future(anext(slow))
        await switched(by, made.id, made.address, notify=True)
        assert (await last).body["data"]["togglesChanged"] == await heard(quick)


async def test_what_many_windows_missed_is_read_once_for_all_that_come_back(api: Api) -> None:
    by = await a_firm()
    made = await an_account(by)
    members = [await signed_in(by, role=TeamRole.EMPLOYEE) for _ in range(4)]
    for turn in range(6):
        await switched(by, made.id, made.address, login=turn % 2 == 0)
    reads = []
    for number in (1, 24):
        async with AsyncExitStack() as stack, counting() as statements:
            windows = [await begun(stack, api, members[n % 4], "c0") for n in range(number)]
            told = [[(await heard(window))["cursor"] for _ in range(7)] for window in windows]
        assert all(each == told[0] for each in told)
        reads.append(sum("AS contact_ids" in each for each in statements))
    assert reads[1] <= reads[0], reads


async def test_who_signed_out_hears_nothing_more_and_the_others_go_on(api: Api) -> None:
    by = await a_firm()
    staying, leaving = await signed_in(by), await signed_in(by)
    made = await an_account(by)
    async with AsyncExitStack() as stack:
        stays, leaves = [await begun(stack, api, each) for each in (staying, leaving)]
        await switched(by, made.id, made.address, login=True)
        assert await heard(stays) == await heard(leaves)
        await session.sign_out(leaving.viewer)
        await switched(by, made.id, made.address, login=False)
        assert (await heard(stays))["toggles"][0]["login"] is False
        with pytest.raises((TopLevelErrors, ConnectionClosed), match="session has ended"):
            await heard(leaves)


async def test_what_is_a_cursor_in_another_operation_still_tells_windows_apart(api: Api) -> None:
    by = await a_firm()
    owner, one, other = await signed_in(by), await an_account(by), await an_account(by)
    document = """subscription One($x: ID) { togglesChanged(accountId: $x) { ...F } }
      subscription Other($x: Cursor) { togglesChanged(after: $x) { ...F } }
      fragment F on TogglesEvent { ... on TogglesChanged { accounts { id } } ... on FeedReady { cursor } }"""
    async with api.socket(as_=owner) as socket:
        for each in (one, other):
            variables = {"x": global_id(Kind.ACCOUNT, each.id)}
            payload = {"query": document, "operationName": "One", "variables": variables}
            await socket.send(json.dumps({"id": str(each.id), "type": "subscribe", "payload": payload}))
            assert "cursor" in str(await socket.recv())
        await switched(by, other.id, other.address, login=True)
        told = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
    assert told["id"] == str(other.id)
    assert told["payload"]["data"]["togglesChanged"]["accounts"] == [{"id": global_id(Kind.ACCOUNT, other.id)}]


def everything(kind: GraphQLNamedType, depth: int) -> str:
    """All fields of a type that need no argument, but for the time of reading and what documents are not shared for."""
    if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        members = schema._schema.get_possible_types(kind)  # type: ignore[arg-type]
        return "{ __typename " + " ".join(f"... on {one.name} {everything(one, depth)}" for one in members) + " }"
    chosen = []
    for name, field in kind.fields.items():
        below = get_named_type(field.type)
        needs = any(is_required_argument(argument) for argument in field.args.values())
        if needs or name in {*PERSONAL, *BY_RIGHTS, "feedCursor"} or (not is_leaf_type(below) and depth == 0):
            continue
        chosen.append(f"{name} {'' if is_leaf_type(below) else everything(below, depth - 1)}")
    return "{ __typename " + " ".join(chosen) + " }"


@pytest.mark.parametrize("field", ["togglesChanged", "emailArrived"])
async def test_what_is_shared_shows_everybody_the_same(api: Api, field: str) -> None:
    """Executed for nobody in particular, or for an owner alone: no field in it may depend on who asks."""
    kind = schema._schema.subscription_type.fields[field].type  # type: ignore[union-attr]
    document = f"subscription ($after: Cursor) {{ {field}(after: $after) {everything(get_named_type(kind), 2)} }}"
    by, owner, box = await a_synced_firm()
    made = await an_account(by)
    token = (await signed_in(by, role=TeamRole.OWNER)).token
    now = clock.now()
    clock.set_source(lambda: now)  # links to files say when they expire
    async with api.follow(document, {"after": None}, as_=token) as live:
        begins = (await live.next())["cursor"]
        for turn in (1, 2, 3):
            await switched(owner, made.id, made.address, login=turn % 2 == 1)
            await received(by, box, a_message(turn), arrival=True)
        shared = await live.several(3)
    by_itself = f"{document} # {BY_RIGHTS[0]}: a document that names one is not shared"
    async with api.follow(by_itself, {"after": begins}, as_=token) as alone:
        await alone.next()
        assert (await alone.several(3))[-1] == shared[-1]  # earlier ones show the state of when they were told
