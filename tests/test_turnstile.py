"""A crowd that comes at once does not hold the loop at once: whoever else is answered meanwhile comes in between."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from itertools import count

from graph.engine.transport.turnstile import Turnstile
from tests.support.api.client import Api
from tests.support.api.toy_server import serving
from tests.support.api.websocket import HANDSHAKE, raw_socket
from tests.support.waiting import patience

CROWD = 40
A_FEW = 10  # of them in one turn of the loop; where nothing holds them back it is all


async def most_in_a_turn(how_many: Callable[[], int]) -> int:
    """Until the whole crowd is there."""
    most = before = 0
    async with patience():
        while before < CROWD:
            await asyncio.sleep(0)
            most, before = max(most, how_many() - before), how_many()
    return most


async def test_one_at_a_time_in_the_order_in_which_they_came() -> None:
    turnstile, through = Turnstile(), list[int]()

    async def come(number: int) -> None:
        await turnstile.enter()
        through.append(number)

    crowd = [asyncio.create_task(come(number)) for number in range(CROWD)]
    assert await most_in_a_turn(lambda: len(through)) == 1
    await asyncio.gather(*crowd)
    assert through == list(range(CROWD))


async def test_whoever_gives_up_in_any_turn_of_the_loop_holds_up_nobody() -> None:
    turnstile = Turnstile()
    for turns in count():
        crowd = [asyncio.create_task(turnstile.enter()) for _ in range(3)]
        for _ in range(turns):
            await asyncio.sleep(0)
        if crowd[1].done():
            break
        crowd[1].cancel()
        async with patience():
            await asyncio.wait(crowd)
        assert [task.cancelled() for task in crowd] == [False, True, False]
    await asyncio.gather(*crowd)


async def test_sockets_come_in_one_after_the_other() -> None:
    async with serving() as toy, AsyncExitStack() as connections:
        dials = [await connections.enter_async_context(raw_socket(toy)) for _ in range(CROWD)]
        for _, writer in dials:
            writer.write(HANDSHAKE + b"\r\n")
        assert await most_in_a_turn(lambda: len(toy.endpoint.sockets)) <= A_FEW


async def test_documents_of_strangers_are_parsed_one_after_the_other(api: Api) -> None:
    body = json.dumps(
        {"query": "mutation { signIn(input: {" + " ".join(f"a{n}: 1" for n in range(120)) + "}) { token } }"}
    )
    host, port = api.url.removeprefix("http://").split(":")
    head = f"POST /graphql HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
    answers: list[bytes] = []

    async def ask(reader: asyncio.StreamReader) -> None:
        answers.append(await reader.readuntil(b"}]}"))

    dials = [await asyncio.open_connection(host, int(port)) for _ in range(CROWD)]
    asking = [asyncio.create_task(ask(reader)) for reader, _ in dials]
    for _, writer in dials:
        writer.write(request)
    assert await most_in_a_turn(lambda: len(answers)) <= A_FEW
    await asyncio.gather(*asking)
    assert all(b"LIMIT_EXCEEDED" in answer for answer in answers)
    for _, writer in dials:
        writer.transport.abort()
