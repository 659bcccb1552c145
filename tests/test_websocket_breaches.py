"""What is no graphql-transport-ws closes the socket, with a code and a reason, over a real server."""

import json
from typing import Any

import pytest
from structlog.testing import capture_logs
from websockets.typing import Subprotocol

from tests.support.api.toy_server import Toy, until
from tests.support.api.websocket import dialled, end_of, joined, subscribe


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


@pytest.mark.parametrize("offered", [None, [Subprotocol("graphql-ws")], [Subprotocol("nonsense")]])
async def test_other_protocols_are_not_spoken(toy: Toy, offered: list[Subprotocol] | None) -> None:
    async with dialled(toy, subprotocols=offered) as ws:
        assert (await end_of(ws))[0] == 4406


async def test_a_frame_that_is_too_large_closes_the_socket(toy: Toy) -> None:
    async with joined(toy) as ws:
        await ws.send("x" * 200_000)
        assert (await end_of(ws))[0] == 1009
