"""Server-sent events, over a real server: what holds for multipart too is tested for both."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from tests.support.api.streams import APOLLO, BEAT, COMPLETE, END, MULTIPART, SSE, deaf, followed
from tests.support.api.toy_server import COOKIE, SECRET, Toy, serving, until
from tests.support.servers.http import plain_http
from tests.support.waiting import NEVER

JSON = {"content-type": "application/json"}
BOTH = pytest.mark.parametrize("accept", [SSE, MULTIPART])


@pytest.fixture
async def toy() -> AsyncIterator[Toy]:
    async with serving(allowed_origins=["https://app.example"]) as toy:
        yield toy


def code(answer: dict[str, list[dict[str, dict[str, str]]]]) -> str:
    return answer["errors"][0]["extensions"]["code"]


async def test_a_stream_is_framed_as_the_protocol_says(toy: Toy) -> None:
    async with plain_http() as client:
        body = {"query": "subscription{count(to:2)}"}
        response = await client.post(f"{toy.url}/graphql", json=body, headers={"accept": SSE})
    assert response.text == (
        ":\n\n"
        'event: next\ndata: {"data":{"count":0}}\n\n'
        'event: next\ndata: {"data":{"count":1}}\n\n'
        "event: complete\ndata: \n\n"
    )
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-accel-buffering"] == "no"
    assert response.headers["x-request-id"]


async def test_text_with_line_ends_stays_one_event(toy: Toy) -> None:
    async with followed(toy, r'{hello(name:"a\nb\rc\u2028")}') as stream:
        assert await stream.next() == BEAT
        assert (await stream.next())["data"] == {"hello": "Hello a\nb\rc\u2028"}
        assert await stream.next() == COMPLETE


@BOTH
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{nope}", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription{nope}", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription($n:Int!){count(to:$n)}", "BAD_USER_INPUT"),
        ("{items(first:99999){totalCount}}", "LIMIT_EXCEEDED"),
        ("query A{hello} query B{hello}", "BAD_REQUEST"),
        ("{crashAll}", "INTERNAL"),
        ("{notJson}", "INTERNAL"),
    ],
)
async def test_what_is_wrong_with_a_document_is_told_in_the_stream(
    toy: Toy, accept: str, query: str, expected: str
) -> None:
    with capture_logs() as logs:
        async with followed(toy, query, accept=accept) as stream:
            assert stream.response.status_code == 200
            answer, *end = await stream.rest()
    assert code(answer) == expected
    assert end == ([COMPLETE, END] if accept == SSE else [END])
    assert len(logs) == (expected == "INTERNAL")
    assert SECRET not in json.dumps(answer)


@BOTH
@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", JSON, 400),
        (b"[]", JSON, 400),
        (b'{"query":""}', JSON, 400),
        (b'{"query":"{hello}"}', {"content-type": "text/plain"}, 415),
        (b'{"query":"{hello}"}', {**JSON, "authorization": "Bearer wrong"}, 401),
        (b'{"query":"{hello}"}', {**JSON, "authorization": "Bearer crash"}, 500),
        (b'{"query":"{hello}"}', {**JSON, "cookie": f"{COOKIE}=ada"}, 403),
    ],
)
async def test_what_is_wrong_with_a_request_is_a_status(
    toy: Toy, accept: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    with capture_logs():
        async with plain_http() as client:
            response = await client.post(f"{toy.url}/graphql", content=body, headers={**headers, "accept": accept})
    assert response.status_code == status
    assert response.json()["errors"][0]["message"]
    assert len(toy.endpoint.sockets) == 0


@BOTH
async def test_an_unexpected_error_in_mid_stream_is_masked_and_ends_it(toy: Toy, accept: str) -> None:
    with capture_logs() as logs:
        async with followed(toy, "subscription{breaks}", accept=accept) as stream:
            first, told, *_ = await stream.rest()
    assert first == {"data": {"breaks": 1}}
    assert code(told) == "INTERNAL"
    assert SECRET not in json.dumps(told)
    assert [entry["request_id"] for entry in logs] == [stream.response.headers["x-request-id"]]


async def test_an_event_that_could_not_be_read_is_not_passed_over(toy: Toy) -> None:
    with capture_logs():
        async with followed(toy, "subscription{rings{name}}", accept=SSE) as stream:
            assert await stream.answer() == {"data": {"rings": {"name": "Ada"}}}
            toy.world.away = True
            toy.world.bell.set()
            assert await stream.rest() == [END]


async def test_a_stream_that_lost_the_database_ends_so_that_its_client_comes_again(toy: Toy) -> None:
    with capture_logs():
        async with followed(toy, "subscription{losesTheDatabase}", accept=SSE) as stream:
            assert await stream.rest() == [{"data": {"losesTheDatabase": 1}}, END]  # without `complete`
        async with followed(toy, "subscription{losesTheDatabase}", accept=MULTIPART) as stream:
            _, told, *_ = await stream.rest()
    assert code(told) == "UNAVAILABLE"


@pytest.mark.parametrize(
    ("accept", "query", "kind"),
    [
        (SSE, "{hello}", SSE),
        (APOLLO, "{hello}", "application/graphql-response+json"),
        (APOLLO, "subscription{count}", "multipart/mixed"),
        (f"{SSE}, {MULTIPART}", "subscription{count}", SSE),
        (f"{SSE};q=0.5, {MULTIPART}", "subscription{count}", "multipart/mixed"),
        (f"application/json, {SSE}", "{hello}", "application/json"),
        (f"application/json, {SSE}", "subscription{count}", SSE),
        (f"application/json;q=0.5, {SSE}", "{hello}", SSE),
        (f"{SSE}, */*;q=0.1", "{hello}", SSE),
        ("*/*", "subscription{count}", "application/json"),
    ],
)
async def test_a_stream_is_for_those_who_name_it_and_need_or_prefer_it(
    toy: Toy, accept: str, query: str, kind: str
) -> None:
    async with plain_http() as client:
        response = await client.post(f"{toy.url}/graphql", json={"query": query}, headers={"accept": accept})
    assert response.headers["content-type"].partition(";")[0] == kind


@BOTH
async def test_a_get_streams_what_reads_and_nothing_else(toy: Toy, accept: str) -> None:
    async with plain_http(base_url=toy.url, headers={"accept": accept}) as client:
        for query, expected in [("{hello}", "Hello world"), ("subscription{count}", '{"count":2}')]:
            assert expected in (await client.get("/graphql", params={"query": query})).text
        response = await client.get("/graphql", params={"query": 'mutation{rename(id:"1",name:"Eve"){id}}'})
        assert "METHOD_NOT_ALLOWED" in response.text
        assert toy.world.names["1"] == "Ada"
    cookie = {"cookie": f"{COOKIE}=ada", "accept": accept}
    async with plain_http(base_url=toy.url, headers=cookie) as client:
        assert (await client.get("/graphql", params={"query": "subscription{whoami}"})).status_code == 403


@BOTH
async def test_no_get_starts_a_subscription_where_gets_are_off(accept: str) -> None:
    async with serving(queries_by_get=False) as toy, plain_http(base_url=toy.url) as client:
        for query in ("subscription{count}", "{hello}"):
            response = await client.get("/graphql", params={"query": query}, headers={"accept": accept})
            assert response.status_code == 405


@BOTH
async def test_each_event_has_fresh_loaders(toy: Toy, accept: str) -> None:
    async with followed(toy, "subscription{changes{name again:name}}", accept=accept) as stream:
        for number in range(2):
            name = f"Ada {number}"
            assert (await stream.answer())["data"] == {"changes": {"name": name, "again": name}}
    assert toy.world.loads == 2


@BOTH
async def test_a_silent_stream_shows_now_and_then_that_it_lives(accept: str) -> None:
    async with serving(beat_interval=0.02) as toy, followed(toy, "subscription{forever}", accept=accept) as stream:
        await stream.answer()
        assert [await stream.next() for _ in range(3)] == [BEAT] * 3


@BOTH
async def test_a_client_that_leaves_ends_its_operation_and_nothing_is_logged(
    toy: Toy, accept: str, caplog: pytest.LogCaptureFixture
) -> None:
    with capture_logs() as logs:
        for query in ("subscription{forever}", "subscription{flood}", "{wait}"):
            async with followed(toy, query, accept=accept) as stream:
                if query != "{wait}":
                    await stream.answer()
            await until(lambda: toy.world.open_streams == 0 and len(toy.endpoint.sockets) == 0)
        await until(lambda: not toy.server.server_state.tasks)
    assert logs == []
    assert not [record for record in caplog.records if record.levelno >= 30]


@BOTH
async def test_a_reader_that_does_not_read_is_cut(accept: str, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(send_timeout=0.2) as toy:
        raw = await deaf(toy, "subscription{flood}", accept=accept)
        await until(lambda: toy.world.open_streams == 1)
        await until(lambda: toy.world.open_streams == 0)
        await until(lambda: len(toy.endpoint.sockets) == 0 and not toy.server.server_state.connections)
        raw.close()
    assert not [record for record in caplog.records if record.levelno >= 30]


@BOTH
async def test_a_revocation_does_not_wait_for_a_reader_that_does_not_read(
    accept: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(send_timeout=NEVER) as toy:
        raw = await deaf(toy, "subscription{flood}", token="ada", accept=accept)
        await until(lambda: toy.world.open_streams == 1)
        assert await toy.endpoint.sockets.close("ada") == 1
        await until(lambda: toy.world.open_streams == 0)
        await until(lambda: not toy.server.server_state.connections)
        raw.close()
    assert not [record for record in caplog.records if record.levelno >= 30]


@BOTH
async def test_the_streams_of_a_revoked_session_end_for_good_and_no_others(toy: Toy, accept: str) -> None:
    mine, other = (followed(toy, "subscription{forever}", accept=accept, token=token) for token in ("ada", "grace"))
    async with mine as mine_, other as other_:
        await mine_.answer()
        await other_.answer()
        assert await toy.endpoint.sockets.close("ada") == 1
        told, *end = await mine_.rest()
        assert code(told) == "UNAUTHENTICATED"
        assert told["errors"][0]["message"] == "The session has ended"
        assert end == ([COMPLETE, END] if accept == SSE else [END])
        await until(lambda: toy.world.open_streams == 1)
        assert await toy.endpoint.sockets.close("ada") == 0


async def test_draining_ends_streams_so_that_their_clients_come_again(toy: Toy) -> None:
    async with (
        followed(toy, "subscription{forever}") as events,
        followed(toy, "subscription{forever}", accept=MULTIPART) as parts,
    ):
        await events.answer()
        await parts.answer()
        assert await toy.endpoint.sockets.drain() == 2
        assert (toy.world.open_streams, len(toy.endpoint.sockets)) == (0, 0)
        assert await events.rest() == [END]  # without `complete`, which would be the end of it
        told, end = await parts.rest()
        assert (code(told), told["payload"], end) == ("UNAVAILABLE", None, END)
    async with plain_http() as client:
        body = {"query": "{hello}"}
        late = await client.post(f"{toy.url}/graphql", json=body, headers={"accept": SSE})
    assert (late.status_code, code(late.json())) == (503, "UNAVAILABLE")


@BOTH
async def test_a_shutdown_leaves_no_task(accept: str, caplog: pytest.LogCaptureFixture) -> None:
    before = asyncio.all_tasks()
    async with serving() as toy:
        one, two = (followed(toy, query, accept=accept) for query in ("subscription{forever}", "{wait}"))
        async with one as stream, two:
            await stream.answer()
            await toy.endpoint.sockets.drain()
            await toy.stop()
            await stream.rest()
    gc.collect()
    await until(lambda: asyncio.all_tasks() <= before)
    assert toy.world.open_streams == 0
    assert not [record for record in caplog.records if record.levelno >= 30]
