"""The WebSocket edge, over a real server: graphql-transport-ws."""

import json
import logging
from collections.abc import AsyncIterator
from importlib.metadata import version

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.support.api.toy_server import COOKIE, SECRET, Toy, serving, until
from tests.support.api.websocket import PROTOCOL, hear, joined, subscribe, tell


@pytest.fixture
async def toy() -> AsyncIterator[Toy]:
    async with serving(max_operations=5, allowed_origins=["https://app.example"]) as toy:
        yield toy


async def test_queries_mutations_and_subscriptions_are_answered_as_text(toy: Toy) -> None:
    async with joined(toy) as ws:
        await subscribe(ws, "{hello}")
        first = await hear(ws)
        assert (first["id"], first["type"], first["payload"]["data"]) == ("1", "next", {"hello": "Hello world"})
        assert await hear(ws) == {"id": "1", "type": "complete"}
        await subscribe(ws, "subscription($to:Int!){count(to:$to)}", variables={"to": 2})
        for number in range(2):
            assert await hear(ws) == {"id": "1", "type": "next", "payload": {"data": {"count": number}}}
        assert await hear(ws) == {"id": "1", "type": "complete"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{nope}", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription{nope}", "GRAPHQL_VALIDATION_FAILED"),
        ("query($n:Int!){number(n:$n)}", "BAD_USER_INPUT"),
        ("subscription($n:Int!){count(to:$n)}", "BAD_USER_INPUT"),
        ("{items(first:99999){totalCount}}", "LIMIT_EXCEEDED"),
        ("{" + "item{self" * 300, "LIMIT_EXCEEDED"),
        ("fragment F on Query{hello}", "BAD_REQUEST"),
        ("query A{hello} query B{hello}", "BAD_REQUEST"),
        ("{notJson}", "INTERNAL"),
    ],
)
async def test_one_operations_error_leaves_the_socket_and_the_others_alone(toy: Toy, query: str, code: str) -> None:
    async with joined(toy) as ws:
        await subscribe(ws, "subscription{forever}", "other")
        assert (await hear(ws))["type"] == "next"
        with capture_logs() as logs:
            await subscribe(ws, query)
            message = await hear(ws)
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"][0]["extensions"]["code"] == code
        assert len(logs) == (code == "INTERNAL")
        await subscribe(ws, "{hello}")
        assert (await hear(ws))["type"] == "next"
        assert toy.world.open_streams == 1


async def test_an_unexpected_error_is_masked_and_logged_once(toy: Toy) -> None:
    async with joined(toy) as ws:
        with capture_logs() as logs:
            await subscribe(ws, "subscription{breaks}")
            assert (await hear(ws))["payload"] == {"data": {"breaks": 1}}
            message = await hear(ws)
        assert SECRET not in json.dumps(message)
        assert [entry["log_level"] for entry in logs] == ["error"]
        assert SECRET in logs[0]["exception"]
        assert logs[0]["request_id"] in json.dumps(message)


async def test_a_query_that_could_not_be_read_leaves_the_socket_alone(toy: Toy) -> None:
    toy.world.away = True
    with capture_logs():
        async with joined(toy) as ws:
            await subscribe(ws, "{item{name}}")
            assert (await hear(ws))["payload"]["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
            assert (await hear(ws))["type"] == "complete"


async def test_one_operation_too_many_gets_an_error(toy: Toy) -> None:
    async with joined(toy) as ws:
        for number in range(5):
            await subscribe(ws, "subscription{forever}", str(number))
            assert (await hear(ws))["type"] == "next"
        await subscribe(ws, "{hello}", "extra")
        message = await hear(ws)
        assert (message["id"], message["type"]) == ("extra", "error")
        assert message["payload"][0]["message"] == "At most 5 operations may run on one socket at a time."
        await tell(ws, {"id": "0", "type": "complete"})
        await until(lambda: toy.world.open_streams == 4)
        await subscribe(ws, "{hello}", "extra")
        assert (await hear(ws))["type"] == "next"


async def test_a_completed_subscription_ends_and_its_id_may_be_used_again(toy: Toy) -> None:
    async with joined(toy) as ws:
        await subscribe(ws, "subscription{forever}")
        assert (await hear(ws))["type"] == "next"
        await tell(ws, {"id": "1", "type": "complete"})
        await tell(ws, {"id": "never-was", "type": "complete"})
        await subscribe(ws, "{hello}")
        assert (await hear(ws))["payload"]["data"] == {"hello": "Hello world"}
        await until(lambda: toy.world.open_streams == 0)


async def test_each_operation_has_its_own_context(toy: Toy) -> None:
    async with joined(toy) as ws:
        for name in ("Ada", "Grace"):
            toy.world.names["1"] = name
            await subscribe(ws, "{item{name}}")
            assert (await hear(ws))["payload"]["data"] == {"item": {"name": name}}
            await hear(ws)
    assert toy.world.loads == 2


async def test_each_event_has_fresh_loaders(toy: Toy) -> None:
    async with joined(toy) as ws:
        await subscribe(ws, "subscription{changes{name again:name}}")
        for number in range(2):
            expected = {"changes": {"name": f"Ada {number}", "again": f"Ada {number}"}}
            assert (await hear(ws))["payload"]["data"] == expected
    assert toy.world.loads == 2


async def test_who_is_asking_comes_from_connection_init_or_the_cookie(toy: Toy) -> None:
    async with joined(toy, token="ada") as ws:
        await subscribe(ws, "{whoami}")
        assert (await hear(ws))["payload"]["data"] == {"whoami": "ada"}
    async with joined(toy, additional_headers={"cookie": f"{COOKIE}=grace"}) as ws:
        await subscribe(ws, "{whoami}")
        assert (await hear(ws))["payload"]["data"] == {"whoami": "grace"}
    assert "Bearer" not in repr(toy.world.calls)


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        ("http://127.0.0.1:{port}", True),
        ("https://app.example", True),
        ("https://evil.example", False),
        ("http://127.0.0.1:1", False),
        ("null", False),
    ],
)
async def test_a_foreign_page_may_not_open_a_socket_with_the_cookie(
    toy: Toy, origin: str, welcome: bool, caplog: pytest.LogCaptureFixture
) -> None:
    origin = origin.format(port=toy.port)
    async with joined(toy, origin=origin):
        pass  # without a cookie there is nothing to steal
    cookie = {"cookie": f"{COOKIE}=ada"}
    if welcome:
        async with joined(toy, origin=origin, additional_headers=cookie):
            return
    with pytest.raises(InvalidStatus) as refused:
        await connect(toy.ws_url, subprotocols=[PROTOCOL], origin=origin, additional_headers=cookie)  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403
    await until(lambda: not toy.server.server_state.tasks)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_revoked_session_starts_nothing_more_on_an_open_socket(toy: Toy) -> None:
    async with joined(toy, "ada") as ws:
        toy.world.revoked.add("ada")
        await subscribe(ws, "{whoami}")
        message = await hear(ws)
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "UNAUTHENTICATED")


def test_the_versions_whose_inner_names_are_used_are_the_ones_tested() -> None:
    assert version("strawberry-graphql") == "0.341.2"
    assert version("graphql-core") == "3.3.2"
