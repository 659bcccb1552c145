"""How sockets end, over a real server: cut, closed, revoked, drained; and what is left of them."""

import asyncio
import gc
from contextlib import AsyncExitStack, suppress

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.support.api.toy_server import Toy, serving, until
from tests.support.api.websocket import INIT, deaf, dialled, end_of, hear, joined, subscribe, tell
from tests.support.waiting import NEVER


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


async def test_what_was_asked_on_a_socket_before_its_session_was_revoked_is_answered_first(toy: Toy) -> None:
    async with joined(toy, "ada") as ws:
        await subscribe(ws, "subscription{forever}", "feed")
        await hear(ws)
        await subscribe(ws, "{wait}", "asked")
        await until(lambda: toy.world.waiting)
        closing = asyncio.create_task(toy.endpoint.sockets.close("ada", 4403, "The session has ended"))
        await tell(ws, {"type": "ping"})
        assert await hear(ws) == {"type": "pong"}
        toy.world.bell.set()
        assert (await hear(ws))["payload"]["data"] == {"wait": "rung"}
        assert await end_of(ws) == (4403, "The session has ended")
        assert await closing == 1


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
