"""A page that subscribes and thinks better of it, at whatever moment: everybody else's feeds begin as ever."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from itertools import count, islice

import pytest
from starlette.requests import HTTPConnection
from websockets.asyncio.client import ClientConnection

from graph.engine.transport.call import Call
from graph.engine.transport.errors import Answer
from graph.engine.transport.http import GraphQLEndpoint
from graph.engine.transport.operation import answers
from graph.engine.transport.request import GraphQLRequest
from models.session import SignedIn
from tests.support.api.client import Api, bearer
from tests.support.api.streams import MULTIPART, SSE, followed_at
from tests.support.api.toy_server import until
from tests.support.firm import factories
from tests.support.waiting import patience

LIVE = "subscription { togglesChanged { __typename } }"
FEW = 50  # frames of one socket in a second are counted


async def begins(api: Api, owner: SignedIn) -> None:
    async with api.follow(LIVE, as_=owner) as feed:
        assert (await feed.next())["__typename"] == "FeedReady"


async def asked(api: Api, owner: SignedIn) -> Callable[[], Awaitable[Answer]]:
    """The first answer of a feed without a socket, so that each turn of the loop is its own."""
    endpoint: GraphQLEndpoint = api.app.routes[0].app  # type: ignore[attr-defined]
    nowhere = HTTPConnection({"type": "http", "headers": [], "client": ("127.0.0.1", 1)})
    context = await endpoint.context_getter(Call(nowhere, "given-up", bearer(owner)["authorization"]))

    async def first() -> Answer:
        async with aclosing(answers(endpoint, GraphQLRequest(LIVE), context, request_id="given-up")) as told:
            return await anext(told)

    return first


async def test_whoever_gives_up_in_any_turn_of_the_loop_leaves_all_as_it_was(api: Api, owner: SignedIn) -> None:
    async with api.follow(LIVE, as_=owner) as other:
        await other.next()  # what is read once for the firm is there
        for turns in count():
            asking = asyncio.ensure_future((await asked(api, owner))())
            for _ in range(turns):
                await asyncio.sleep(0)
            if asking.done():
                break
            asking.cancel()
            await asyncio.wait([asking])
            await begins(api, owner)
        await factories.an_account(owner.viewer, login=True)
        assert (await other.next())["__typename"] == "TogglesChanged"
    await until(lambda: not api.app.state.budget.subscriptions)


async def given_up(socket: ClientConnection, id_: str, turns: int) -> bool:
    """Whether the feed had begun when it was completed, so many turns of the loop after it was asked for."""
    await socket.send(json.dumps({"id": id_, "type": "subscribe", "payload": {"query": LIVE}}))
    for _ in range(turns):
        await asyncio.sleep(0)
    await socket.send(json.dumps({"id": id_, "type": "complete"}))
    await socket.send(json.dumps({"type": "ping"}))
    async with patience():
        kinds = [json.loads(await socket.recv())["type"]]
        while kinds[-1] != "pong":
            kinds.append(json.loads(await socket.recv())["type"])
    return "next" in kinds


async def test_a_feed_given_up_in_any_turn_of_the_loop_silences_no_other(api: Api, owner: SignedIn) -> None:
    turns, begun = count(), False
    while not begun:
        async with api.socket(as_=owner) as socket:
            for number in islice(turns, FEW):
                begun = begun or await given_up(socket, f"s{number}", number)
        await begins(api, owner)
    await until(lambda: not api.app.state.budget.subscriptions)


async def test_a_page_that_turns_its_feeds_on_and_off_silences_no_other(api: Api, owner: SignedIn) -> None:
    for cycles in range(8, 77, 4):
        async with api.socket(as_=owner) as socket:
            for number in range(cycles):
                asked = {"id": f"s{number}", "type": "subscribe", "payload": {"query": LIVE}}
                await socket.send(json.dumps(asked))
                await socket.send(json.dumps({"id": f"s{number}", "type": "complete"}))
            await begins(api, owner)
    await until(lambda: not api.app.state.budget.subscriptions)


@pytest.mark.parametrize("accept", [SSE, MULTIPART])
async def test_a_stream_given_up_in_any_turn_of_the_loop_silences_no_other(
    api: Api, owner: SignedIn, accept: str
) -> None:
    for turns in range(0, 200, 2):
        _, writer = await asyncio.open_connection("127.0.0.1", api.settings.port)
        body = json.dumps({"query": LIVE})
        head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nContent-Type: application/json\r\n"
        head += f"Authorization: {bearer(owner)['authorization']}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write((head + body).encode())
        for _ in range(turns):
            await asyncio.sleep(0)
        writer.transport.abort()
    async with followed_at(api.url, LIVE, accept=accept, headers=bearer(owner)) as stream:
        assert (await stream.answer())["data"]["togglesChanged"]["__typename"] == "FeedReady"
    await until(lambda: not api.app.state.budget.subscriptions)
