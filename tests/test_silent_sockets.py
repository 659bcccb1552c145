"""Sockets on which nobody is signed in: they have no place for long, and one network has only so many."""

from contextlib import AsyncExitStack, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from graph.engine.transport.strangers import WORDS
from tests.support.api.toy_server import serving, until
from tests.support.api.websocket import dialled, end_of, hear, joined, subscribe, tell

AT_ONCE = 0.01  # seconds
NOTHING_ASKED = (1000, "Nobody is signed in here, and nothing was asked for 0.01 seconds")
CROWDED_OUT = (1013, WORDS)


async def goes_on(ws: ClientConnection) -> bool:
    await tell(ws, {"type": "ping"})
    return bool(await hear(ws) == {"type": "pong"})


def forwarded_for(address: str) -> dict[str, Any]:
    """As a proxy on this machine says it, which is trusted."""
    return {"additional_headers": {"x-forwarded-for": address}}


async def test_a_socket_on_which_nobody_is_signed_in_and_nothing_runs_ends() -> None:
    async with serving(stranger_seconds=AT_ONCE) as toy, joined(toy) as ws:
        assert await end_of(ws) == NOTHING_ASKED
        await until(lambda: not len(toy.endpoint.sockets) and not toy.server.server_state.connections)


async def test_pings_keep_no_place() -> None:
    async with serving(stranger_seconds=AT_ONCE) as toy, joined(toy) as ws:
        with suppress(ConnectionClosed):
            while True:
                await goes_on(ws)
        assert await end_of(ws) == NOTHING_ASKED


async def test_a_socket_ends_only_after_the_last_that_it_asked_for() -> None:
    async with serving() as toy, joined(toy) as ws:
        for id_ in ("1", "2"):
            await subscribe(ws, "subscription { forever }", id_)
            await hear(ws)
        toy.endpoint.stranger_seconds = AT_ONCE
        for id_ in ("1", "2"):
            async with joined(toy) as silent:
                assert await end_of(silent) == NOTHING_ASKED
            assert await goes_on(ws)
            await tell(ws, {"id": id_, "type": "complete"})
        assert await end_of(ws) == NOTHING_ASKED


async def test_a_query_that_was_answered_keeps_no_place() -> None:
    async with serving() as toy, joined(toy) as ws:
        toy.endpoint.stranger_seconds = AT_ONCE
        await subscribe(ws, "{ hello }")
        assert [(await hear(ws))["type"], (await hear(ws))["type"]] == ["next", "complete"]
        assert await end_of(ws) == NOTHING_ASKED


async def test_whoever_is_signed_in_may_be_silent() -> None:
    async with serving(stranger_seconds=AT_ONCE) as toy, joined(toy, "ada") as ws, joined(toy) as silent:
        assert await end_of(silent) == NOTHING_ASKED
        assert await goes_on(ws)


async def test_a_dead_token_is_refused_at_once() -> None:
    async with serving() as toy, dialled(toy) as ws:
        await tell(ws, {"type": "connection_init", "payload": {"authorization": "Bearer wrong"}})
        assert (await end_of(ws))[0] == 4403


async def test_one_network_has_so_many_and_the_newest_comes_in() -> None:
    async with serving(strangers=3) as toy, AsyncExitStack() as open_ones:
        crowd = [await open_ones.enter_async_context(joined(toy)) for _ in range(3)]
        signed_in = [await open_ones.enter_async_context(joined(toy, "ada")) for _ in range(3)]
        newest = [await open_ones.enter_async_context(joined(toy)) for _ in range(3)]
        for silent in crowd:
            assert await end_of(silent) == CROWDED_OUT
        for ws in (*signed_in, *newest):
            assert await goes_on(ws)


async def test_a_network_is_that_of_the_client_for_whom_a_proxy_asks() -> None:
    async with serving(strangers=1) as toy, AsyncExitStack() as open_ones:

        async def came(address: str) -> ClientConnection:
            return await open_ones.enter_async_context(joined(toy, **forwarded_for(address)))

        ada, grace = await came("192.0.2.1"), await came("192.0.2.2")
        here, beside = await came("2001:db8:0:1::1"), await came("2001:db8:0:2::1")
        same = await came("2001:db8:0:1:ffff::9")
        assert await end_of(here) == CROWDED_OUT
        for ws in (ada, grace, beside, same):
            assert await goes_on(ws)


async def test_strangers_who_have_left_are_forgotten() -> None:
    async with serving(strangers=2) as toy:
        for _ in range(3):
            async with joined(toy), dialled(toy), dialled(toy), joined(toy, "ada"):
                pass
        await until(lambda: not len(toy.endpoint.strangers))
