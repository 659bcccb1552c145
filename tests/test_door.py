"""The door of the server, as strangers lean against it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.metadata import version

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from websockets.frames import Frame, Opcode

from graph.engine.transport.places import BEYOND
from graph.process.serving import room_for_connections
from tests.support.api.toy_server import Toy, serving, until
from tests.support.api.websocket import HANDSHAKE, hear, joined, raw_socket, subscribe, tell
from tests.support.servers.http import plain_http
from tests.support.waiting import PATIENCE

POST = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
GET = b"GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nHost: x\r\n\r\n"


async def pour(writer: asyncio.StreamWriter, reader: asyncio.StreamReader, data: bytes, times: int) -> bytes:
    """Until the other side has had enough; answers what it said."""
    try:
        for _ in range(times):
            writer.write(data)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), PATIENCE)
    except ConnectionError:
        return b""


def frames(opcode: Opcode, data: bytes, count: int, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True, extensions=[]) * count


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n", b"x-more: " + b"y" * 990 + b"\r\n"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nx-more: ", b"y" * 1_000),
        (b"GET /", b"y" * 1_000),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n", b"x-more: " + b"y" * 990 + b"\r\n"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1;", b"y" * 1_000),
    ],
)
async def test_a_request_without_end_is_cut(toy: Toy, start: bytes, more: bytes) -> None:
    async with raw_socket(toy) as (reader, writer):
        writer.write(start)
        assert await pour(writer, reader, more * 100, 300) is not None
        await until(lambda: not toy.server.server_state.connections)


async def test_what_is_wrong_with_headers_that_are_too_long_is_told(toy: Toy) -> None:
    async with raw_socket(toy) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nx-more: " + b"y" * 70_000)
        told = await asyncio.wait_for(reader.read(), PATIENCE)
    assert told.startswith(b"HTTP/1.1 431 ")
    assert told.endswith(b"Headers may have 65,536 bytes.")


async def test_a_body_up_to_its_limit_passes_the_door(toy: Toy) -> None:
    padding = "x" * 900_000
    async with plain_http(base_url=toy.url) as client:
        body = {"query": "{hello}", "variables": {"unused": padding}}
        assert (await client.post("/graphql", json=body)).json()["data"] == {"hello": "Hello world"}


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        POST + b"Content-Length: 100\r\n\r\n{",
        POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    ],
)
async def test_a_request_has_to_arrive_within_its_time(start: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(door_seconds=0.05) as toy, raw_socket(toy) as (reader, writer):
        writer.write(start)
        told = await asyncio.wait_for(reader.read(), PATIENCE)
        await until(lambda: not toy.server.server_state.tasks)
    assert told.startswith(b"HTTP/1.1 408 ")
    assert told.endswith(b"A request has to arrive within 0.05 seconds.")
    assert not [record for record in caplog.records if record.levelno >= 30]


async def test_line_ends_after_an_answer_keep_no_connection() -> None:
    async with serving(door_seconds=0.05) as toy, AsyncExitStack() as stack:
        answer = b""
        while not answer.startswith(b"HTTP/1.1 200"):  # a busy machine may send the request too late
            reader, writer = await stack.enter_async_context(raw_socket(toy))
            writer.write(GET)
            answer = await asyncio.wait_for(reader.readline(), PATIENCE)
        writer.write(b"\r\n")
        await until(lambda: not toy.server.server_state.connections)


async def test_what_takes_its_time_to_answer_is_not_hurried() -> None:
    async with serving(door_seconds=0.05) as toy, AsyncExitStack() as stack:
        asked = asyncio.create_task(_until_it_was_not_too_late(toy))
        await until(lambda: toy.world.waiting)
        reader, _ = await stack.enter_async_context(raw_socket(toy))
        told = await asyncio.wait_for(reader.read(), PATIENCE)
        assert told.startswith(b"HTTP/1.1 408 ")  # who came later is late by now
        toy.world.bell.set()
        assert (await asked).json()["data"] == {"wait": "rung"}


async def _until_it_was_not_too_late(toy: Toy) -> httpx.Response:
    """A busy machine may send the request too late: then again."""
    while True:
        async with plain_http(base_url=toy.url, timeout=PATIENCE) as client:
            with suppress(httpx.TransportError):
                answer = await client.post("/graphql", json={"query": "{wait}"})
                if answer.status_code != 408:
                    return answer


FULL = b"All 1 connections are taken. Try again soon."
ALIVE = b"GET /healthz?x HTTP/1.1\r\nHost: x\r\n\r\n"


async def healthz(_: Request) -> Response:
    return PlainTextResponse("alive")


@asynccontextmanager
async def full_house() -> AsyncIterator[tuple[Toy, asyncio.StreamWriter]]:
    """With the one who has the only place."""
    async with serving([Route("/healthz", healthz)], door_most=1) as toy, raw_socket(toy) as (_, writer):
        await until(lambda: toy.server.server_state.connections)
        yield toy, writer


async def answered(toy: Toy, asked: bytes) -> bytes:
    async with raw_socket(toy) as (reader, writer):
        writer.write(asked)
        return await asyncio.wait_for(reader.read(), PATIENCE)


@pytest.mark.parametrize("asked", [GET, HANDSHAKE + b"\r\n"])
async def test_a_full_house_says_so_and_lets_nobody_else_in(asked: bytes) -> None:
    async with full_house() as (toy, _):
        told = await answered(toy, asked)
        assert len(toy.server.server_state.connections) == 1
    assert told.startswith(b"HTTP/1.1 503 ")
    assert told.endswith(FULL)


async def test_whoever_has_a_place_keeps_it_in_a_full_house() -> None:
    async with serving(door_most=1) as toy, raw_socket(toy) as (reader, writer):
        for _ in range(2):
            writer.write(GET)
            assert (await asyncio.wait_for(reader.readuntil(b"}}}"), PATIENCE)).startswith(b"HTTP/1.1 200")
            assert (await answered(toy, GET)).endswith(FULL)


async def test_whoever_watches_the_process_gets_into_a_full_house_for_one_answer() -> None:
    async with full_house() as (toy, _):
        told = await answered(toy, ALIVE + GET)
        assert told.startswith(b"HTTP/1.1 200 ")
        assert told.endswith(b"alive")


async def test_silence_keeps_nobody_who_watches_out_of_a_full_house() -> None:
    async with full_house() as (toy, _), AsyncExitStack() as open_ones:
        silent = [await open_ones.enter_async_context(raw_socket(toy)) for _ in range(BEYOND + 3)]
        for reader, _ in silent[:3]:
            assert (await asyncio.wait_for(reader.read(), PATIENCE)).endswith(FULL)
        assert (await answered(toy, ALIVE)).endswith(b"alive")
        assert len(toy.server.server_state.connections) <= 1 + BEYOND


async def test_a_place_that_became_free_is_for_who_waited_for_it() -> None:
    async with full_house() as (toy, has_it), raw_socket(toy) as (reader, writer):
        await until(lambda: len(toy.server.server_state.connections) == 2)
        has_it.transport.abort()
        await until(lambda: len(toy.server.server_state.connections) == 1)
        for _ in range(2):
            writer.write(GET)
            assert (await asyncio.wait_for(reader.readuntil(b"}}}"), PATIENCE)).startswith(b"HTTP/1.1 200")


INIT = frames(Opcode.TEXT, b'{"type":"connection_init"}', 1)


@pytest.mark.parametrize(
    ("start", "flood"),
    [
        (b"", frames(Opcode.PING, b"", 10_000)),
        (b"", frames(Opcode.PONG, b"", 10_000)),
        (INIT + frames(Opcode.TEXT, b"", 1, fin=False), frames(Opcode.CONT, b"", 10_000, fin=False)),
    ],
    ids=["pings", "pongs", "empty pieces"],  # each process masks its frames otherwise
)
async def test_a_flood_of_frames_that_say_nothing_waits_unread(start: bytes, flood: bytes) -> None:
    async with serving(door_frames=10) as toy, raw_socket(toy) as (reader, writer):
        writer.write(HANDSHAKE + b"\r\n" + start)
        assert b"101 Switching Protocols" in await asyncio.wait_for(reader.readline(), PATIENCE)
        (door,) = toy.server.server_state.connections
        writer.write(flood)
        await until(lambda: not door.transport.is_reading())
        writer.transport.abort()
        await until(lambda: not toy.server.server_state.connections)


async def test_a_page_in_a_hurry_is_answered_in_full() -> None:
    async with serving(door_frames=100) as toy, joined(toy) as ws:
        for number in range(60):
            await subscribe(ws, "subscription { forever }", str(number))
            await tell(ws, {"id": str(number), "type": "complete"})
        for number in range(90):
            await tell(ws, {"type": "ping", "payload": {"number": number}})
        pongs: list[int] = []
        while len(pongs) < 90:
            message = await hear(ws)
            if message["type"] == "pong":
                pongs.append(message["payload"]["number"])
        assert pongs == list(range(90))


@pytest.mark.parametrize("headers", [b"Cookie: " + b"y" * 9_000 + b"\r\n", b"x: y\r\n" * 150])
async def test_a_handshake_with_too_many_headers_is_refused(toy: Toy, headers: bytes) -> None:
    async with raw_socket(toy) as (reader, writer):
        writer.write(HANDSHAKE + headers + b"\r\n")
        assert (await asyncio.wait_for(reader.readline(), PATIENCE)).startswith(b"HTTP/1.1 431 ")
        await until(lambda: not toy.server.server_state.connections)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_server_asks_for_as_many_files_as_it_may_have_and_keeps_some_for_itself() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1_024, before[1]), before[1]))
    try:
        room = room_for_connections()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(65_536, before[1])
        assert room == min(65_536, before[1]) - 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_versions_whose_inner_names_are_used_are_the_ones_tested() -> None:
    assert version("uvicorn").startswith("0.54.")
    assert version("websockets").startswith("17.")
    assert version("httptools").startswith("0.9.")
