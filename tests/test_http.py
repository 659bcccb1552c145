"""The HTTP edge, over a real server."""

import asyncio
import gzip
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from tests.support.api.toy_server import COOKIE, SECRET, Toy, schema, serving, until
from tests.support.servers.http import plain_http

CLIENTS = Path(__file__).parent / "clients"
JSON = {"content-type": "application/json"}
GRAPHQL_JSON = "application/graphql-response+json"
HELLO = b'{"query":"{hello}"}'

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def toy() -> AsyncIterator[Toy]:
    async with serving(max_body=5_000, allowed_origins=["https://app.example"]) as toy:
        yield toy


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(toy: Toy) -> AsyncIterator[httpx.AsyncClient]:
    async with plain_http(base_url=toy.url) as client:
        yield client


async def ask(client: httpx.AsyncClient, query: str, accept: str = GRAPHQL_JSON, **body: Any) -> httpx.Response:
    return await client.post("/graphql", json={"query": query, **body}, headers={"accept": accept})


def code(response: httpx.Response) -> str:
    found: str = response.json()["errors"][0]["extensions"]["code"]
    return found


BAD_BODIES: list[tuple[bytes, dict[str, str], int]] = [
    (b"", JSON, 400),
    (b"null", JSON, 400),
    (b"true", JSON, 400),
    (b"1", JSON, 400),
    (b'"x"', JSON, 400),
    (b"[]", JSON, 400),
    (b'[{"query":"{hello}"}]', JSON, 400),
    (b"{}", JSON, 400),
    (b"{", JSON, 400),
    (b"{'query': '{hello}'}", JSON, 400),
    (b"query=%7Bhello%7D", JSON, 400),
    (b"\xff\xfe", JSON, 400),
    (b'{"query":"\xff"}', JSON, 400),
    ('{"query":"{hello}"}'.encode("utf-16"), JSON, 400),
    (b'{"query":"{hello}","variables":{"x":NaN}}', JSON, 400),
    (b'{"query":"{hello}","variables":{"x":"\\ud800"}}', JSON, 400),
    (b'{"query":"{hello}"} trailing', JSON, 400),
    (b"[" * 2_000, JSON, 400),
    (b"[" * 2_000 + b"]" * 2_000, JSON, 400),
    (b'{"a":' * 700 + b"1" + b"}" * 700, JSON, 400),
    (b'{"query":"{hello}","variables":{"x":' + b"[" * 100 + b"]" * 100 + b"}}", JSON, 400),
    (b'{"query":null}', JSON, 400),
    (b'{"query":""}', JSON, 400),
    (b'{"query":"  "}', JSON, 400),
    (b'{"query":1}', JSON, 400),
    (b'{"query":["{hello}"]}', JSON, 400),
    (b'{"query":{"a":1}}', JSON, 400),
    (b'{"query":"{hello}","variables":[]}', JSON, 400),
    (b'{"query":"{hello}","variables":"{}"}', JSON, 400),
    (b'{"query":"{hello}","variables":1}', JSON, 400),
    (b'{"query":"{hello}","operationName":1}', JSON, 400),
    (b'{"query":"{hello}","operationName":{}}', JSON, 400),
    (b'{"query":"{hello}","extensions":[]}', JSON, 400),
    (b'{"query":"{hello}","extensions":"x"}', JSON, 400),
    (b'{"query":"{hello}","operationName":"Nope"}', JSON, 400),
    (b'{"query":"query A{hello} query B{hello}"}', JSON, 400),
    (b'{"query":"fragment F on Query{hello}"}', JSON, 400),
    (b'{"query":"subscription{count}"}', JSON, 400),
    (b'{"query":"{"}', JSON, 200),
    (b'{"query":"{nope}"}', JSON, 200),
    (b'{"query":"{hello(nope:1)}"}', JSON, 200),
    (b'{"query":"query($n:Int!){number(n:$n)}"}', JSON, 200),
    (b'{"query":"query($n:Int!){number(n:$n)}","variables":{"n":"x"}}', JSON, 200),
    (b'{"query":"{number(n:99999999999)}"}', JSON, 200),
    (b'{"query":"\\u0000"}', JSON, 200),
    (HELLO, {}, 415),
    (HELLO, {"content-type": ""}, 415),
    (HELLO, {"content-type": "text/plain"}, 415),
    (HELLO, {"content-type": "text/plain; application/json"}, 415),
    (HELLO, {"content-type": "application/jsonx"}, 415),
    (HELLO, {"content-type": "application/graphql"}, 415),
    (HELLO, {"content-type": "application/json; charset=utf-16"}, 415),
    (HELLO, {"content-type": "application/json; charset=utf-8; x=1"}, 415),
    (HELLO, {"content-type": "multipart/form-data; boundary=application/json"}, 415),
    (HELLO, {"content-type": "application/x-www-form-urlencoded"}, 415),
    (gzip.compress(HELLO, mtime=0), {**JSON, "content-encoding": "gzip"}, 415),
    (HELLO, {**JSON, "accept": "text/html"}, 406),
    (HELLO, {**JSON, "accept": "application/json;q=0"}, 406),
    (HELLO, {**JSON, "accept": "multipart/mixed"}, 406),
    (HELLO, {**JSON, "accept": "multipart/mixed;deferSpec=20220824"}, 406),
    (HELLO, {**JSON, "accept": "text/event-stream;q=nan"}, 406),
    (b'{"query":"' + b"x" * 6_000 + b'"}', JSON, 413),
]


@pytest.mark.parametrize(("body", "headers", "status"), BAD_BODIES)
async def test_a_malformed_request_is_told_what_is_wrong_with_it(
    client: httpx.AsyncClient, body: bytes, headers: dict[str, str], status: int
) -> None:
    with capture_logs() as logs:
        response = await client.post("/graphql", content=body, headers=headers)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert set(response.json()) <= {"errors", "extensions"}
    error = response.json()["errors"][0]
    assert error["message"]
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    assert error["extensions"]["code"] != "INTERNAL"
    assert logs == []


BAD_URLS = [
    ("?query={hello}&variables=[]", 400),
    ("?query={hello}&variables={", 400),
    ("?query={hello}&extensions=1", 400),
    ("?query=", 400),
    ("", 400),
    ("?query=mutation{signIn}", 405),
    ("?query=subscription{count}", 400),
    ("?query=query A{hello} mutation B{signIn}&operationName=B", 405),
]


@pytest.mark.parametrize(("url", "status"), BAD_URLS)
async def test_a_get_only_reads(client: httpx.AsyncClient, url: str, status: int) -> None:
    response = await client.get(f"/graphql{url}", headers={"accept": "application/json"})
    assert response.status_code == status
    assert response.json()["errors"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
async def test_other_methods_are_told_which_there_are(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/graphql", content=HELLO, headers=JSON)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_a_mutation_by_get_is_told_to_post(client: httpx.AsyncClient) -> None:
    response = await client.get("/graphql", params={"query": "mutation{signIn}"})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_where_nothing_is_read_by_get_all_are_told_to_post() -> None:
    async with serving(queries_by_get=False) as toy, plain_http(base_url=toy.url) as client:
        for method in ("GET", "PUT"):
            response = await client.request(method, "/graphql", params={"query": "{hello}"})
            assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_a_query_by_get_is_answered_where_that_is_on() -> None:
    url = '/graphql?query=query($n:Int!){number(n:$n)}&variables={"n":5}'
    async with serving() as toy, plain_http(base_url=toy.url) as client:
        assert (await client.get(url)).json()["data"] == {"number": 5}
    async with serving(queries_by_get=False) as toy, plain_http(base_url=toy.url) as client:
        assert (await client.get(url)).status_code == 405


async def test_a_body_without_a_length_is_cut_at_the_limit(client: httpx.AsyncClient) -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1_000):
            sent += 1
            yield b" " * 1_000
            await asyncio.sleep(0)

    response = await client.post("/graphql", content=body(), headers=JSON)
    assert (response.status_code, code(response)) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON", 'application/json; charset="UTF-8"'])
async def test_json_is_known_by_its_exact_media_type(client: httpx.AsyncClient, kind: str) -> None:
    response = await client.post("/graphql", content=HELLO, headers={"content-type": kind})
    assert response.json()["data"] == {"hello": "Hello world"}


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, application/json;q=0.9", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.1, application/json", "application/json"),
        (f"application/json, {GRAPHQL_JSON}", GRAPHQL_JSON),
        ("text/html, application/*;q=0.5", "application/json"),
    ],
)
async def test_the_answer_takes_the_media_type_that_was_asked_for(
    client: httpx.AsyncClient, accept: str, expected: str
) -> None:
    response = await ask(client, "{hello}", accept)
    assert response.headers["content-type"] == f"{expected}; charset=utf-8"


@pytest.mark.parametrize(
    ("query", "status", "expected"),
    [
        ("{", 400, "GRAPHQL_PARSE_FAILED"),
        ("{nope}", 400, "GRAPHQL_VALIDATION_FAILED"),
        ("query($n:Int!){number(n:$n)}", 400, "BAD_USER_INPUT"),
        ("{refused}", 200, "UNAUTHENTICATED"),
        ("{crash}", 200, "INTERNAL"),
        ("{crashAll}", 200, "INTERNAL"),
        ("{none}", 200, "INTERNAL"),
        ("{tooBig}", 200, "INTERNAL"),
        ("{notJson}", 500, "INTERNAL"),
    ],
)
async def test_the_newer_media_type_says_by_its_status_whether_anything_ran(
    client: httpx.AsyncClient, query: str, status: int, expected: str
) -> None:
    with capture_logs() as logs:
        response = await ask(client, query)
    assert (response.status_code, code(response)) == (status, expected)
    assert ("data" in response.json()) == (status == 200)
    assert len(logs) == (expected == "INTERNAL")


async def test_an_unexpected_error_is_masked_for_the_client_and_logged_once(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        response = await ask(client, "query($p:String!){a:crash b:hello(name:$p)}", variables={"p": "pass-word"})
    error = response.json()["errors"][0]
    request_id = response.headers["x-request-id"]
    assert error["message"] == (
        f"Something went wrong on our side. Quote the request id {request_id} when you tell us."
    )
    assert error["extensions"] == {"code": "INTERNAL", "requestId": request_id}
    assert SECRET not in response.text
    assert [(entry["log_level"], entry["request_id"]) for entry in logs] == [("error", request_id)]
    assert f"ValueError: {SECRET}" in logs[0]["exception"]
    assert "pass-word" not in repr(logs)


async def test_one_cause_of_many_errors_is_logged_once(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        response = await ask(client, '{a:item(id:"7"){name} b:item(id:"8"){name}}')
    assert code(response) == "INTERNAL"
    assert len(logs) == 1


async def test_a_null_for_an_argument_with_a_default_is_the_clients_mistake(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        response = await ask(client, "query($n:Int=3){number(n:$n)}", variables={"n": None})
    assert (code(response), logs) == ("BAD_USER_INPUT", [])


async def test_a_request_id_that_looks_sane_is_kept(client: httpx.AsyncClient) -> None:
    for given, kept in [("trace-0123456789", True), ("x", False), ("a b<script>", False), ("y" * 65, False)]:
        response = await client.post("/graphql", content=HELLO, headers={**JSON, "x-request-id": given})
        assert (response.headers["x-request-id"] == given) is kept


async def test_what_a_context_puts_on_the_response_leaves_with_it(client: httpx.AsyncClient) -> None:
    response = await ask(client, "mutation{signIn}")
    client.cookies.clear()
    assert response.headers["set-cookie"].startswith(f"{COOKIE}=ada")


async def test_a_missing_session_is_a_401(client: httpx.AsyncClient) -> None:
    headers = {**JSON, "authorization": "Bearer wrong"}
    response = await client.post("/graphql", content=HELLO, headers=headers)
    assert (response.status_code, code(response)) == (401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_context_that_breaks_is_masked_too(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        response = await client.post("/graphql", content=HELLO, headers={**JSON, "authorization": "Bearer crash"})
    assert (response.status_code, code(response)) == (500, "INTERNAL")
    assert SECRET not in response.text
    assert len(logs) == 1


async def test_while_the_database_is_away_clients_are_told_to_come_again(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        response = await client.post("/graphql", content=HELLO, headers={**JSON, "authorization": "Bearer away"})
    assert (response.status_code, code(response)) == (503, "UNAVAILABLE")
    assert SECRET not in response.text
    assert [entry["log_level"] for entry in logs] == ["warning"]


WITH_COOKIE = {**JSON, "cookie": f"{COOKIE}=ada"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"x-switchboard": "1"}, 200),
        ({"x-switchboard": "0"}, 403),
        ({"x-switchboard": "1", "origin": "http://{host}"}, 200),
        ({"x-switchboard": "1", "origin": "https://app.example"}, 200),
        ({"x-switchboard": "1", "origin": "https://evil.example"}, 403),
        ({"x-switchboard": "1", "origin": "https://app.example.evil.example"}, 403),
        ({"x-switchboard": "1", "origin": "null"}, 403),
        ({"x-switchboard": "1", "sec-fetch-site": "cross-site"}, 403),
        ({"x-switchboard": "1", "sec-fetch-site": "same-site"}, 403),
        ({"x-switchboard": "1", "sec-fetch-site": "same-origin"}, 200),
        ({"authorization": "Bearer ada", "origin": "https://evil.example"}, 200),
    ],
)
async def test_a_cookie_alone_does_not_let_a_foreign_page_in(
    toy: Toy, client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    headers = {name: value.format(host=f"127.0.0.1:{toy.port}") for name, value in headers.items()}
    body = {"query": "{whoami}"}
    response = await client.post("/graphql", json=body, headers={**WITH_COOKIE, **headers})
    assert response.status_code == status
    assert (response.json().get("data") == {"whoami": "ada"}) is (status == 200)
    without_type = {name: value for name, value in WITH_COOKIE.items() if name != "content-type"}
    read = await client.get("/graphql?query={whoami}", headers={**without_type, **headers})
    assert read.status_code == status


async def test_a_client_that_leaves_in_mid_body_is_nobodys_error(toy: Toy, caplog: pytest.LogCaptureFixture) -> None:
    with capture_logs() as logs:
        _, writer = await asyncio.open_connection("127.0.0.1", toy.port)
        writer.write(
            b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"
        )
        await writer.drain()
        await until(lambda: toy.server.server_state.tasks)
        writer.transport.abort()
        await until(lambda: not toy.server.server_state.tasks)
    assert logs == []
    assert not [record for record in caplog.records if record.levelno >= 30]


async def test_a_document_is_parsed_and_validated_once(client: httpx.AsyncClient) -> None:
    documents: Any = schema.extensions[0]
    library = documents.args[0]
    query = "query Cached($n:Int!){number(n:$n)}"
    seen = []
    for number in range(5):
        assert (await ask(client, query, variables={"n": number})).json()["data"] == {"number": number}
        seen.append(library.document(query))
    assert len(set(map(id, seen))) == 1
    assert len(seen[0].valid_by) == 1


async def test_all_public_audits_of_graphql_over_http_pass() -> None:
    node = shutil.which("node")
    if node is None or not (CLIENTS / "node_modules" / "graphql-http").exists():
        pytest.skip("node or tests/clients/node_modules is missing: npm install --no-package-lock in tests/clients")
    async with serving() as toy:
        process = await asyncio.create_subprocess_exec(
            node, "audit.mjs", f"{toy.url}/graphql", cwd=CLIENTS, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
    audits = [line.split("\t") for line in out.decode().splitlines()]
    assert len(audits) == 61
    assert [audit for audit in audits if audit[1] != "ok"] == []


async def test_answers_are_compact_json_in_utf_8(client: httpx.AsyncClient) -> None:
    response = await ask(client, '{hello(name:"Zoë ☃")}')
    assert json.loads(response.content)["data"] == {"hello": "Hello Zoë ☃"}
    assert "Zoë ☃".encode() in response.content
