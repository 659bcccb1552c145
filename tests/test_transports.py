"""Each kind of operation, over each transport, by each way of saying who one is."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.support.api.streams import MULTIPART, SSE, followed
from tests.support.api.toy_server import COOKIE, Toy, serving
from tests.support.servers.http import plain_http

pytestmark = pytest.mark.asyncio(loop_scope="module")

BEARER = {"authorization": "Bearer ada"}
BROWSER = {"cookie": f"{COOKIE}=ada", "x-switchboard": "1", "sec-fetch-site": "same-origin"}
WHO = [(BEARER, "ada"), (BROWSER, "ada"), ({}, None)]
KINDS = ["query", "mutation", "subscription"]

Answers = list[dict[str, Any]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def toy() -> AsyncIterator[Toy]:
    async with serving() as toy:
        yield toy


async def by_post(toy: Toy, document: str, headers: dict[str, str]) -> Answers:
    async with plain_http(base_url=toy.url, headers=headers) as client:
        return [(await client.post("/graphql", json={"query": document})).json()]


async def by_get(toy: Toy, document: str, headers: dict[str, str]) -> Answers:
    async with plain_http(base_url=toy.url, headers=headers) as client:
        return [(await client.get("/graphql", params={"query": document})).json()]


async def by_sse(toy: Toy, document: str, headers: dict[str, str]) -> Answers:
    async with followed(toy, document, accept=SSE, headers=headers) as stream:
        return (await stream.rest())[:-2]


async def by_multipart(toy: Toy, document: str, headers: dict[str, str]) -> Answers:
    async with followed(toy, document, accept=MULTIPART, headers=headers) as stream:
        return (await stream.rest())[:-1]


async def by_websocket(toy: Toy, document: str, headers: dict[str, str]) -> Answers:
    """As browsers do: a cookie goes with the handshake, a token in `connection_init`."""
    cookie = {name: value for name, value in headers.items() if name == "cookie"}
    payload = {name: value for name, value in headers.items() if name == "authorization"}
    url, protocol = toy.ws_url, Subprotocol("graphql-transport-ws")
    async with connect(url, subprotocols=[protocol], additional_headers=cookie) as ws:
        await ws.send(json.dumps({"type": "connection_init", "payload": payload}))
        await ws.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": document}}))
        messages = [json.loads(frame) async for frame in _until_complete(ws)]
    return [message["payload"] for message in messages if message["type"] == "next"]


async def _until_complete(ws: Any) -> AsyncIterator[str]:
    async for frame in ws:
        yield frame
        if '"complete"' in frame:
            return


Way = Callable[[Toy, str, dict[str, str]], Awaitable[Answers]]
EVERYTHING: list[Way] = [by_sse, by_multipart, by_websocket]
TABLE = [(way, kind) for way in EVERYTHING for kind in KINDS] + [
    (by_post, "query"),
    (by_post, "mutation"),
    (by_get, "query"),
]


@pytest.mark.parametrize(("headers", "who"), WHO)
@pytest.mark.parametrize(("way", "kind"), TABLE)
async def test_every_kind_of_operation_runs_over_every_transport_as_whoever_asks(
    toy: Toy, way: Way, kind: str, headers: dict[str, str], who: str | None
) -> None:
    [answer] = await way(toy, f"{kind}{{whoami}}", headers)
    assert answer["data"] == {"whoami": who}
    assert "errors" not in answer


@pytest.mark.parametrize(("way", "kind"), [(by_post, "subscription"), (by_get, "subscription"), (by_get, "mutation")])
async def test_what_a_transport_does_not_carry_is_refused_and_not_run(toy: Toy, way: Way, kind: str) -> None:
    [answer] = await way(toy, f"{kind}{{whoami}}", BEARER)
    assert set(answer) <= {"errors", "extensions"}
    assert "cannot travel this way" in answer["errors"][0]["message"]
