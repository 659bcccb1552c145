"""The WebSocket edge, over a real server: graphql-transport-ws."""

import asyncio
import gc
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.metadata import version
from typing import Any

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tests.toy import COOKIE, SECRET, Toy, serving, until
from tests.waiting import NEVER, PATIENCE

PROTOCOL = Subprotocol("graphql-transport-ws")
INIT = {"type": "connection_init"}


@pytest.fixture
async def toy() -> AsyncIterator[Toy]:
    async with serving(max_operations=5, allowed_origins=["https://app.example"]) as toy:
        yield toy


@asynccontextmanager
async def dialled(toy: Toy, **options: Any) -> AsyncIterator[ClientConnection]:
    options = {"subprotocols": [PROTOCOL], "compression": None, "max_size": None, **options}
    async with connect(toy.ws_url, **options) as ws:
        yield ws


@asynccontextmanager
async def joined(toy: Toy, token: str | None = None, **options: Any) -> AsyncIterator[ClientConnection]:
    """A socket that has been acknowledged."""
    payload = {"authorization": f"Bearer {token}"} if token else {}
    async with dialled(toy, **options) as ws:
        await tell(ws, {**INIT, "payload": payload})
        assert await hear(ws) == {"type": "connection_ack"}
        yield ws


async def tell(ws: ClientConnection, message: object) -> None:
    await ws.send(json.dumps(message))


async def hear(ws: ClientConnection) -> Any:
    frame = await asyncio.wait_for(ws.recv(), PATIENCE)
    assert isinstance(frame, str)
    return json.loads(frame)


async def subscribe(ws: ClientConnection, query: str, id_: str = "1", **payload: Any) -> None:
    await tell(ws, {"id": id_, "type": "subscribe", "payload": {"query": query, **payload}})


async def end_of(ws: ClientConnection) -> tuple[int | None, str | None]:
    with suppress(ConnectionClosed):
        await asyncio.wait_for(_hear_out(ws), PATIENCE)
    return ws.close_code, ws.close_reason


async def _hear_out(ws: ClientConnection) -> None:
    while True:
        await ws.recv()


def sub(**message: Any) -> str:
    return json.dumps({"id": "1", "type": "subscribe", "payload": {"query": "{hello}"}, **message})


MALFORMED: list[str | bytes] = [
    "",
    "x",
    "{",
    "[]",
    "null",
    "1",
    '"x"',
    "true",
    "NaN",
    "[" * 5_000,
    "[" * 5_000 + "]" * 5_000,
    '{"a":' * 5_000,
    '{"type":"ping","payload":' + '{"a":' * 100 + "1" + "}" * 101,
    b"\x00\x01",
    b'{"type":"ping"}',
    "{}",
    '{"type":null}',
    '{"type":1}',
    '{"type":[]}',
    '{"type":{}}',
    '{"type":"nope"}',
    '{"type":"connection_ack"}',
    '{"type":"start","id":"1","payload":{"query":"{hello}"}}',
    json.dumps({"type": "x" * 500}),
    '{"type":"ping","payload":[]}',
    '{"type":"pong","payload":"x"}',
    '{"type":"complete"}',
    '{"type":"complete","id":{}}',
    '{"type":"complete","id":null}',
    '{"type":"subscribe"}',
    '{"type":"subscribe","id":"1"}',
    sub(id={}),
    sub(id=[]),
    sub(id=1),
    sub(id=None),
    sub(id=""),
    sub(id="x" * 500),
    sub(payload=None),
    sub(payload=[]),
    sub(payload="x"),
    sub(payload={}),
    sub(payload={"query": None}),
    sub(payload={"query": 1}),
    sub(payload={"query": ""}),
    sub(payload={"query": ["{hello}"]}),
    sub(payload={"query": "{hello}", "variables": []}),
    sub(payload={"query": "{hello}", "variables": "x"}),
    sub(payload={"query": "{hello}", "operationName": 1}),
    sub(payload={"query": "{hello}", "extensions": []}),
    sub().replace("hello", "\\ud800"),
]


async def test_a_malformed_frame_closes_the_socket_with_a_reason(toy: Toy, caplog: pytest.LogCaptureFixture) -> None:
    for frame in MALFORMED:
        with capture_logs() as logs:
            async with joined(toy) as ws:
                await ws.send(frame)
                code, reason = await end_of(ws)
        assert (code, logs) == (4400, []), frame[:80]
        assert reason, frame[:80]
        assert len(reason.encode()) <= 123
    await until(lambda: len(toy.endpoint.sockets) == 0)
    assert not [record for record in caplog.records if record.levelno >= 30]


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (['{"type":"connection_init","payload":[]}'], 4400),
        (['{"type":"connection_init","payload":"x"}'], 4400),
        (["null"], 4400),
        ([b"x"], 4400),
        ([sub()], 4401),
        (['{"type":"connection_init"}', '{"type":"connection_init"}'], 4429),
        (['{"type":"connection_init","payload":{"authorization":"Bearer wrong"}}'], 4403),
        (['{"type":"connection_init"}', *[sub(payload={"query": "subscription{forever}"})] * 2], 4409),
    ],
)
async def test_a_breach_of_the_protocol_has_its_own_code(toy: Toy, frames: list[str | bytes], code: int) -> None:
    async with dialled(toy) as ws:
        for frame in frames:
            await ws.send(frame)
        assert (await end_of(ws))[0] == code


async def test_a_long_reason_is_cut_at_123_bytes(toy: Toy) -> None:
    async with joined(toy) as ws:
        for _ in range(2):
            await subscribe(ws, "subscription{forever}", "é" * 120)
        code, reason = await end_of(ws)
    assert code == 4409
    assert len(str(reason).encode()) in (122, 123)


async def test_a_socket_that_never_introduces_itself_is_closed() -> None:
    async with serving(init_timeout=0.05) as toy, dialled(toy) as ws:
        assert await end_of(ws) == (4408, "Connection initialisation timeout")


async def test_a_socket_that_introduced_itself_may_then_be_silent() -> None:
    async with serving(init_timeout=0.05) as toy, AsyncExitStack() as stack:
        ws = await _joined_in_time(toy, stack)
        async with dialled(toy) as later:
            assert (await end_of(later))[0] == 4408
        await tell(ws, {"type": "ping", "payload": {"a": 1}})
        assert await hear(ws) == {"type": "pong", "payload": {"a": 1}}


async def _joined_in_time(toy: Toy, stack: AsyncExitStack) -> ClientConnection:
    """A busy machine may be too late: then again."""
    while True:
        with suppress(ConnectionClosed):
            return await stack.enter_async_context(joined(toy))


@pytest.mark.parametrize("offered", [None, [Subprotocol("graphql-ws")], [Subprotocol("nonsense")]])
async def test_other_protocols_are_not_spoken(toy: Toy, offered: list[Subprotocol] | None) -> None:
    async with dialled(toy, subprotocols=offered) as ws:
        assert (await end_of(ws))[0] == 4406


async def test_a_frame_that_is_too_large_closes_the_socket(toy: Toy) -> None:
    async with joined(toy) as ws:
        await ws.send("x" * 200_000)
        assert (await end_of(ws))[0] == 1009


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


async def test_a_context_that_breaks_closes_the_socket_without_its_text(toy: Toy) -> None:
    with capture_logs() as logs:
        async with dialled(toy) as ws:
            await tell(ws, {**INIT, "payload": {"Authorization": "Bearer crash"}})
            assert await end_of(ws) == (4500, "Something went wrong on our side")
    assert len(logs) == 1


async def test_who_comes_while_the_database_is_away_is_told_to_come_again(toy: Toy) -> None:
    with capture_logs():
        async with dialled(toy) as ws:
            await tell(ws, {**INIT, "payload": {"Authorization": "Bearer away"}})
            code, reason = await end_of(ws)
    assert code == 1013
    assert "Try again" in str(reason)


async def test_a_subscription_that_lost_the_database_closes_so_that_its_client_comes_again(toy: Toy) -> None:
    """An `error` message would be the end for clients; they come back from a socket that closed."""
    with capture_logs() as logs:
        async with joined(toy) as ws:
            await subscribe(ws, "subscription{losesTheDatabase}")
            assert (await hear(ws))["payload"] == {"data": {"losesTheDatabase": 1}}
            assert (await end_of(ws))[0] == 1013
    assert [entry["log_level"] for entry in logs] == ["warning"]


async def test_an_event_that_could_not_be_read_is_not_passed_over(toy: Toy) -> None:
    with capture_logs():
        async with joined(toy) as ws:
            await subscribe(ws, "subscription{rings{name}}")
            assert (await hear(ws))["payload"] == {"data": {"rings": {"name": "Ada"}}}
            toy.world.away = True
            toy.world.bell.set()
            assert (await end_of(ws))[0] == 1013


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


async def test_the_sockets_of_a_revoked_session_are_closed_and_no_others(toy: Toy) -> None:
    async with joined(toy, "ada") as one, joined(toy, "ada") as two, joined(toy, "grace") as other:
        for ws in (one, two, other):
            await subscribe(ws, "subscription{forever}")
            assert (await hear(ws))["type"] == "next"
        assert await toy.endpoint.sockets.close("ada", 4403, "The session has ended") == 2
        assert await end_of(one) == await end_of(two) == (4403, "The session has ended")
        await until(lambda: toy.world.open_streams == 1)
        await tell(other, {"type": "ping"})
        assert await hear(other) == {"type": "pong"}
        assert await toy.endpoint.sockets.close("ada", 4403, "again") == 0


async def test_a_revoked_session_starts_nothing_more_on_an_open_socket(toy: Toy) -> None:
    async with joined(toy, "ada") as ws:
        toy.world.revoked.add("ada")
        await subscribe(ws, "{whoami}")
        message = await hear(ws)
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "UNAUTHENTICATED")


async def test_a_client_that_ignores_the_close_is_cut() -> None:
    async with serving(send_timeout=NEVER) as toy:
        raw = await deaf(toy, "subscription{forever}", token="ada")
        await until(lambda: toy.world.open_streams == 1)
        assert await toy.endpoint.sockets.close("ada", 4403, "The session has ended") == 1
        await until(lambda: not toy.server.server_state.connections)
        assert toy.world.open_streams == 0
        raw.close()


async def test_an_abrupt_disconnect_logs_nothing_and_leaves_nothing(toy: Toy, caplog: pytest.LogCaptureFixture) -> None:
    with capture_logs() as logs:
        async with joined(toy) as ws:
            for number in range(3):
                await subscribe(ws, "subscription{forever}", str(number))
                await hear(ws)
            await subscribe(ws, "subscription{flood}", "flood")
            await hear(ws)
            ws.transport.abort()
            await until(lambda: toy.world.open_streams == 0 and len(toy.endpoint.sockets) == 0)
    assert logs == []
    assert not [record for record in caplog.records if record.levelno >= 30]


async def deaf(toy: Toy, query: str, token: str = "nobody") -> socket.socket:
    """A client that subscribes and then never reads another byte."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", toy.port))
    handshake = (
        "GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
        f"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: {PROTOCOL}\r\n\r\n"
    )
    await loop.sock_sendall(raw, handshake.encode())
    await loop.sock_recv(raw, 4_096)
    init = {**INIT, "payload": {"authorization": f"Bearer {token}"}}
    for message in (init, {"id": "1", "type": "subscribe", "payload": {"query": query}}):
        await loop.sock_sendall(raw, masked(json.dumps(message)))
    return raw


def masked(text: str) -> bytes:
    data = text.encode()
    length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return b"\x81" + length + b"\x00" * 4 + data


async def test_a_reader_that_does_not_read_is_cut() -> None:
    async with serving(send_timeout=0.2) as toy:
        raw = await deaf(toy, "subscription{flood}")
        await until(lambda: toy.world.open_streams == 1)
        await until(lambda: toy.world.open_streams == 0)
        await until(lambda: len(toy.endpoint.sockets) == 0 and not toy.server.server_state.connections)
        raw.close()


async def test_a_revocation_does_not_wait_for_a_reader_that_does_not_read() -> None:
    async with serving(send_timeout=NEVER) as toy:
        raw = await deaf(toy, "subscription{flood}", token="ada")
        await until(lambda: toy.world.open_streams == 1)
        assert await toy.endpoint.sockets.close("ada", 4403, "The session has ended") == 1
        await until(lambda: not toy.server.server_state.connections)
        raw.close()


async def test_draining_tells_clients_to_come_again_and_turns_new_ones_away(toy: Toy) -> None:
    async with joined(toy) as ws, dialled(toy) as silent:
        await subscribe(ws, "subscription{forever}")
        await hear(ws)
        await until(lambda: len(toy.endpoint.sockets) == 2)
        assert await toy.endpoint.sockets.drain() == 2
        assert (toy.world.open_streams, len(toy.endpoint.sockets)) == (0, 0)
        assert await end_of(ws) == await end_of(silent) == (1012, "The server restarts; connect again")
    async with dialled(toy) as late:
        assert (await end_of(late))[0] == 1012


async def test_a_shutdown_leaves_no_task() -> None:
    before = asyncio.all_tasks()
    async with serving() as toy, joined(toy) as ws:
        for number, query in enumerate(["subscription{forever}", "subscription{flood}", "{wait}"]):
            await subscribe(ws, query, str(number))
        await until(lambda: toy.world.open_streams == 2)
        stopping = asyncio.create_task(toy.stop())
        assert (await end_of(ws))[0] == 1012
        await stopping
    gc.collect()
    await until(lambda: asyncio.all_tasks() <= before)
    assert toy.world.open_streams == 0


def test_the_versions_whose_inner_names_are_used_are_the_ones_tested() -> None:
    assert version("strawberry-graphql") == "0.341.2"
    assert version("graphql-core") == "3.3.2"
