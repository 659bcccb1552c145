"""Two servers, and PostgreSQL restarted at once in between: a client that comes back with its cursor lost nothing."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, WebSocketException

from graph.ids import Kind, global_id
from models.ground import keys, store
from models.ground.embedded import Embedded
from models.session import SignedIn
from tests.support.api.client import Api, TopLevelErrors
from tests.support.api.toy_server import until
from tests.support.database.store import KEY
from tests.support.firm import factories
from tests.support.processes.several_servers import SET, a_server, asked
from tests.support.processes.switchboard import CLIENTS, a_free_port
from tests.support.waiting import patience

pytestmark = [pytest.mark.usefixtures("no_store"), pytest.mark.faults]
FOLLOW = """subscription ($after: Cursor) { togglesChanged(after: $after) {
  __typename ... on FeedEvent { cursor } ... on TogglesChanged { toggles { notify } } } }"""
CURSOR = "{ accounts(first: 1) { feedCursor } }"


async def test_a_restart_of_the_database_between_two_servers_loses_nothing(
    own_postgres: Embedded, own_database: str, tmp_path: Path
) -> None:
    keys.use(KEY)
    await store.open_store(own_database)
    owner = await factories.signed_in(await factories.a_firm())
    account = await factories.an_account(owner.viewer)
    where = {"account": global_id(Kind.ACCOUNT, account.id), "address": global_id(Kind.EMAIL_ADDRESS, account.address)}
    await store.close()
    with a_server(own_database, tmp_path, "one") as one, a_server(own_database, tmp_path, "other") as other:
        async with asked(one) as here, asked(other) as there:
            start = (await there.ask(CURSOR, as_=owner))["accounts"]["feedCursor"]
            events: list[dict[str, Any]] = []
            following = asyncio.create_task(_follow(there, owner, start, events))
            acknowledged: list[str | None] = []
            for round_ in range(3):
                wishes = [{**where, "on": number % 2 == 0} for number in range(5)]
                acknowledged += [await _insist(here, owner, wish) for wish in wishes]
                if round_ < 2:
                    await asyncio.to_thread(own_postgres.restart_immediately)
            await until(lambda: events and events[-1]["cursor"] == acknowledged[-1])
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            told = [event["cursor"] for event in events]
            assert len(told) == len(set(told))
            assert [cursor for cursor in acknowledged if cursor] == [each for each in told if each in acknowledged]
            assert events[-1]["toggles"] == [{"notify": True}]


async def test_graphql_ws_comes_back_by_itself_and_is_told_each_event_once(
    own_postgres: Embedded, own_database: str, tmp_path: Path
) -> None:
    """As docs/api.md has it, also of what happens while its server is killed, and the database restarted."""
    node = shutil.which("node")
    if node is None or not (CLIENTS / "node_modules" / "ws").exists():
        pytest.skip("node or its packages are missing: `make clients` installs the packages")
    keys.use(KEY)
    await store.open_store(own_database)
    owner = await factories.signed_in(await factories.a_firm())
    account = await factories.an_account(owner.viewer)
    where = {"account": global_id(Kind.ACCOUNT, account.id), "address": global_id(Kind.EMAIL_ADDRESS, account.address)}
    await store.close()
    port = str(a_free_port())
    with a_server(own_database, tmp_path, "other") as other, ExitStack() as servers:
        one = servers.enter_context(a_server(own_database, tmp_path, "one", PORT=port))
        async with asked(one) as here, asked(other) as there:
            start = (await there.ask(CURSOR, as_=owner))["accounts"]["feedCursor"]
            async with _comes_back(node, here, owner, after=start) as events:
                first = [await _insist(there, owner, {**where, "on": on}) for on in (True, False)]
                await until(lambda: _told(events) == first)
                one.process.kill()
                one.until_gone()
                meanwhile = [await _insist(there, owner, {**where, "on": on}) for on in (True, False)]
                await asyncio.to_thread(own_postgres.restart_immediately)
                servers.enter_context(a_server(own_database, tmp_path, "again", PORT=port))
                await until(lambda: _told(events) == [*first, *meanwhile])


@asynccontextmanager
async def _comes_back(node: str, api: Api, as_: SignedIn, *, after: str) -> AsyncIterator[list[dict[str, Any]]]:
    """The events that the script has printed so far."""
    environment = {
        "PATH": os.environ["PATH"],
        "SWITCHBOARD_URL": f"{api.url}/graphql",
        "SWITCHBOARD_TOKEN": as_.token,
        "SWITCHBOARD_AFTER": after,
    }
    process = await asyncio.create_subprocess_exec(
        node, "comes-back.mjs", cwd=CLIENTS, env=environment, stdout=asyncio.subprocess.PIPE
    )
    events: list[dict[str, Any]] = []

    async def read() -> None:
        assert process.stdout
        while line := await process.stdout.readline():
            events.append(json.loads(line))

    reading = asyncio.create_task(read())
    try:
        await until(lambda: len(events) > 0)
        yield events
    finally:
        process.kill()
        await process.wait()
        await reading


def _told(events: list[dict[str, Any]]) -> list[str]:
    return [one["cursor"] for one in events if one["__typename"] == "TogglesChanged"]


async def test_while_the_database_is_away_nobody_is_told_that_it_is_over(
    own_postgres: Embedded, own_database: str, tmp_path: Path
) -> None:
    """graphql-ws comes back after 1013, and never after 4500."""
    keys.use(KEY)
    await store.open_store(own_database)
    owner = await factories.signed_in(await factories.a_firm())
    await store.close()
    with a_server(own_database, tmp_path, "one") as server:
        async with asked(server) as api:
            own_postgres.kill_immediate()
            with pytest.raises(ConnectionClosed) as closed:
                async with api.socket(as_=owner):
                    pass
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1013
            told = await api.told(CURSOR, as_=owner)
            assert (told.status_code, told.json()["errors"][0]["extensions"]["code"]) == (503, "UNAVAILABLE")


async def _follow(api: Api, as_: SignedIn, after: str, events: list[dict[str, Any]]) -> None:
    """As a client does: whatever ends the feed, it comes back with the last cursor that it saw."""
    while True:
        with suppress(TopLevelErrors, WebSocketException, OSError, StopAsyncIteration, AssertionError):
            async with api.follow(FOLLOW, {"after": after}, as_=as_) as feed:
                while True:
                    event = await feed.next()
                    after = event["cursor"]
                    if event["__typename"] == "TogglesChanged":
                        events.append(event)
        await asyncio.sleep(0.05)


async def _insist(api: Api, as_: SignedIn, variables: dict[str, Any]) -> str | None:
    """Again until it is acknowledged; None where it had been done already (R3)."""
    async with patience():
        while True:
            with suppress(TopLevelErrors, httpx.TransportError):
                told = (await api.ask(SET, variables, as_=as_))["setToggles"]
                assert told["errors"] == []
                return told["cursor"]  # type: ignore[no-any-return]
            await asyncio.sleep(0.05)
