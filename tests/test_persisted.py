"""Documents asked for by name, over a real server: automatic persisted queries, and a manifest."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from graph.engine.transport import AutomaticDocuments, Manifest, ManifestFault
from graph.engine.transport.persisted import hash_of
from graph.engine.transport.request import GraphQLRequest
from tests.support.api.streams import MULTIPART, SSE
from tests.support.api.toy_server import Toy, serving
from tests.support.servers.http import plain_http

HELLO = "query($n:String!){hello(name:$n)}"
HASH = hash_of(HELLO)
VARIABLES = {"n": "Ada"}
NOT_FOUND = ("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")


def named(hash_: str, query: str | None = None, **more: Any) -> dict[str, Any]:
    body = {"variables": VARIABLES, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_}}, **more}
    return body if query is None else {**body, "query": query}


def told(answer: dict[str, Any]) -> tuple[str, str]:
    [error] = answer["errors"]
    return error["message"], error["extensions"]["code"]


async def post(toy: Toy, body: dict[str, Any], accept: str = "application/json") -> httpx.Response:
    async with plain_http() as client:
        return await client.post(f"{toy.url}/graphql", json=body, headers={"accept": accept})


async def test_a_document_sent_once_with_its_hash_is_then_known_by_it(toy: Toy) -> None:
    miss = await post(toy, named(HASH))
    assert (miss.status_code, told(miss.json())) == (200, NOT_FOUND)
    for body in (named(HASH, HELLO), named(HASH), {"documentId": f"sha256:{HASH}", "variables": VARIABLES}):
        assert (await post(toy, body)).json()["data"] == {"hello": "Hello Ada"}


async def test_a_known_document_is_read_by_get(toy: Toy) -> None:
    await post(toy, named(HASH, HELLO))
    params = {name: json.dumps(value) for name, value in named(HASH).items()}
    async with plain_http() as client:
        answer = await client.get(f"{toy.url}/graphql", params=params)
        assert answer.json()["data"] == {"hello": "Hello Ada"}
        answer = await client.get(f"{toy.url}/graphql", params={"documentId": HASH, "variables": json.dumps(VARIABLES)})
        assert answer.json()["data"] == {"hello": "Hello Ada"}


@pytest.mark.parametrize("accept", [SSE, MULTIPART])
async def test_a_stream_knows_the_same_documents_and_tells_inside_what_it_does_not_know(toy: Toy, accept: str) -> None:
    miss = await post(toy, named(HASH), accept)
    assert (miss.status_code, "PERSISTED_QUERY_NOT_FOUND" in miss.text) == (200, True)
    assert "Hello Ada" in (await post(toy, named(HASH, HELLO), accept)).text
    assert "Hello Ada" in (await post(toy, named(HASH), accept)).text


async def test_a_socket_knows_the_same_documents_and_stays_open_for_the_rest(toy: Toy) -> None:
    async with connect(toy.ws_url, subprotocols=[Subprotocol("graphql-transport-ws")]) as ws:
        await ws.send('{"type":"connection_init"}')
        await ws.recv()
        heard = []
        for payload in (named(HASH), named(HASH, HELLO), named(HASH)):
            await ws.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            heard.append(json.loads(await ws.recv()))
            if heard[-1]["type"] == "next":
                await ws.recv()  # complete
    assert told({"errors": heard[0]["payload"]}) == NOT_FOUND
    assert [message["payload"]["data"] for message in heard[1:]] == [{"hello": "Hello Ada"}] * 2


async def test_the_newer_media_type_says_400_to_a_document_that_is_not_known(toy: Toy) -> None:
    assert (await post(toy, named(HASH), "application/graphql-response+json")).status_code == 400


async def test_a_hash_of_another_text_is_refused(toy: Toy) -> None:
    answer = await post(toy, named(HASH, "{hello}"))
    assert (answer.status_code, told(answer.json())) == (400, ("provided sha does not match query", "BAD_REQUEST"))
    assert told((await post(toy, named(HASH))).json()) == NOT_FOUND


@pytest.mark.parametrize("query", ["{", "{nope}", "{items(first:99999){totalCount}}", "{a:" + "hello " * 600 + "}"])
async def test_a_document_that_may_not_run_is_not_kept(toy: Toy, query: str) -> None:
    for accept in ("application/json", SSE):
        assert '"errors"' in (await post(toy, named(hash_of(query), query), accept)).text
    assert told((await post(toy, named(hash_of(query)))).json()) == NOT_FOUND
    assert isinstance(toy.endpoint.persisted, AutomaticDocuments)
    assert len(toy.endpoint.persisted) == 0


@pytest.mark.parametrize(
    "extra",
    [
        {"extensions": {"persistedQuery": []}},
        {"extensions": {"persistedQuery": "x"}},
        {"extensions": {"persistedQuery": {}}},
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": HASH}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH.upper()}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH[:-1]}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": {}}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": 1}}},
        {"documentId": ""},
        {"documentId": 1},
        {"documentId": []},
        {"documentId": "x" * 500},
    ],
)
async def test_a_malformed_name_is_told_what_is_wrong_with_it(toy: Toy, extra: dict[str, Any]) -> None:
    for body in (extra, {"query": "{hello}", **extra}):
        answer = await post(toy, body)
        assert (answer.status_code, told(answer.json())[1]) == (400, "BAD_REQUEST")


def asked(query: str, id_: str | None = None) -> GraphQLRequest:
    return GraphQLRequest(query, document_id=hash_of(query) if id_ is None else id_)


def test_what_was_not_asked_for_longest_is_dropped_when_the_bytes_are_full() -> None:
    documents = AutomaticDocuments(max_bytes=530)
    first, second, third = "{a1234567}", "{b1234567}", "{c1234567}"
    documents.ran(asked(first))
    documents.ran(asked(second))
    documents.ran(asked(second))
    assert documents.text(asked("", hash_of(first))) == first
    documents.ran(asked(third))
    assert (len(documents), documents.bytes) == (2, 520)
    assert documents.text(asked("", hash_of(first))) == first
    assert documents.text(asked("", hash_of(third))) == third


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "documents.json"
    path.write_text(json.dumps({"hello": HELLO, hash_of("{item{id}}"): "{item{id}}"}))
    return path


async def test_of_a_manifest_every_document_runs_by_id_by_hash_and_by_its_text(manifest: Path) -> None:
    async with serving(persisted=Manifest.load(manifest)) as toy:
        mine = {"variables": VARIABLES}
        for body in ({"documentId": "hello", **mine}, named(HASH), {"query": HELLO, **mine}, named(HASH, HELLO)):
            assert (await post(toy, body)).json()["data"] == {"hello": "Hello Ada"}
        assert (await post(toy, {"documentId": hash_of("{item{id}}")})).json()["data"] == {"item": {"id": "1"}}


async def test_nothing_but_the_manifest_runs_over_any_transport(manifest: Path) -> None:
    async with serving(persisted=Manifest.load(manifest)) as toy:
        for body in (
            {"query": 'mutation{rename(id:"1",name:"Eve"){id}}'},
            {"query": HELLO + " "},
            {"query": "{__schema{types{name}}}"},
            {"documentId": "nope"},
            named("0" * 64),
            named(HASH, "{whoami}"),
            named(hash_of("{whoami}"), "{whoami}"),
        ):
            for accept in ("application/json", SSE, MULTIPART):
                assert "PERSISTED_QUERY_NOT_IN_LIST" in (await post(toy, body, accept)).text
            assert (await over_a_socket(toy, body))["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_IN_LIST"
        assert toy.world.names["1"] == "Ada"


async def over_a_socket(toy: Toy, body: dict[str, Any]) -> Any:
    async with connect(toy.ws_url, subprotocols=[Subprotocol("graphql-transport-ws")]) as ws:
        await ws.send('{"type":"connection_init"}')
        await ws.recv()
        await ws.send(json.dumps({"id": "1", "type": "subscribe", "payload": body}))
        return json.loads(await ws.recv())


@pytest.mark.parametrize("text", ["", "{", "[]", "1", '{"a": 1}', '{"a": null}'])
def test_a_manifest_that_is_none_is_refused_in_plain_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "documents.json"
    path.write_text(text)
    with pytest.raises(ManifestFault, match=r"documents\.json"):
        Manifest.load(path)
