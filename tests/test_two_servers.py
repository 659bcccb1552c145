"""Several `switchboard serve` on one database: what one writes the other tells, and one that goes leaves in order."""

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from graph.ids import Kind, global_id
from models.session import SignedIn
from tests.support.api.client import Api
from tests.support.database.store import KEY
from tests.support.firm import factories
from tests.support.processes.several_servers import SET, a_server, asked
from tests.support.processes.switchboard import running
from tests.support.servers.redis import RedisServer
from tests.support.servers.smtp import SmtpSink, Taken
from tests.support.waiting import patience, until_waiting

CHANGED = "subscription { togglesChanged { ... on FeedEvent { cursor } ... on TogglesChanged { toggles { notify } } } }"
CONTACTS = "{ contacts(first: 1) { nodes { name } } }"


async def switched_and_seen(by: SignedIn, one: Api, other: Api, times: int = 9) -> None:
    """What is asked of one is heard from the other, each time."""
    account = await factories.an_account(by.viewer)
    where = {"account": global_id(Kind.ACCOUNT, account.id), "address": global_id(Kind.EMAIL_ADDRESS, account.address)}
    async with other.follow(CHANGED, as_=by) as feed:
        await feed.next()
        for number in range(times):
            on = number % 2 == 0
            told = await one.ask(SET, {**where, "on": on}, as_=by)
            event = await feed.next()
            assert event == {"cursor": told["setToggles"]["cursor"], "toggles": [{"notify": on}]}


async def test_what_one_server_writes_the_other_tells(store: str, tmp_path: Path) -> None:
    owner = await factories.signed_in(await factories.a_firm())
    with a_server(store, tmp_path, "one") as one, a_server(store, tmp_path, "other") as other:
        async with asked(one) as here, asked(other) as there:
            await switched_and_seen(owner, here, there)
            await switched_and_seen(owner, there, here)


async def test_the_same_by_redis_also_after_it_was_gone(store: str, tmp_path: Path, redis: RedisServer) -> None:
    owner = await factories.signed_in(await factories.a_firm())
    by_redis = {"SWITCHBOARD_WAKEUPS_URL": redis.url}
    with a_server(store, tmp_path, "one", **by_redis) as one, a_server(store, tmp_path, "other", **by_redis) as other:
        async with asked(one) as here, asked(other) as there:
            await switched_and_seen(owner, here, there)
            redis.kill()
            await switched_and_seen(owner, here, there, times=2)  # by the poll
            redis.start()
            await switched_and_seen(owner, here, there, times=2)


async def test_what_is_asked_of_a_server_without_a_worker_a_worker_does(store: str, tmp_path: Path) -> None:
    by = await factories.a_firm()
    await factories.a_client(by, await factories.an_account(by, address="anna@client.test"))
    document = """mutation($e: String!) {
      requestPasswordReset(input: { email: $e, idempotencyKey: "k" }) { errors { code } } }"""
    with a_server(store, tmp_path, "one") as server:
        async with asked(server) as api:
            for email in ("anna@client.test", "nobody@client.test"):
                assert (await api.ask(document, {"e": email}))["requestPasswordReset"]["errors"] == []
        server.process.kill()
        await asyncio.to_thread(server.until_gone)
    arrived = asyncio.Event()

    async def taken(_: Taken) -> None:
        arrived.set()

    async with SmtpSink(answered=taken) as sink, patience():
        mail = {"SWITCHBOARD_SMTP_URL": f"smtp://127.0.0.1:{sink.port}", "SWITCHBOARD_MAIL_FROM": "portal@firm.test"}
        told = {"DATABASE_URL": store, "SWITCHBOARD_KEY": KEY.hex(), **mail}
        with running("worker", output=tmp_path / "worker.log", var=tmp_path / "var", **told) as worker:
            await arrived.wait()
            await asyncio.to_thread(worker.stop, signal.SIGTERM)
        assert [letter.to for letter in sink.letters] == [("anna@client.test",)]


async def test_a_server_that_is_told_to_go_finishes_what_it_began(store: str, tmp_path: Path) -> None:
    owner = await factories.signed_in(await factories.a_firm())
    lock = await asyncpg.connect(store)
    with a_server(store, tmp_path, "one") as server:
        async with asked(server) as api, AsyncExitStack() as open_ones, asyncio.TaskGroup() as tasks:
            feeds = [await open_ones.enter_async_context(api.follow(CHANGED, as_=owner)) for _ in range(50)]
            for feed in feeds:
                await feed.next()
            load = [tasks.create_task(_ask_until_refused(api, owner)) for _ in range(4)]
            held = lock.transaction()
            await held.start()
            await lock.execute("LOCK TABLE contact IN ACCESS EXCLUSIVE MODE")
            slow = [tasks.create_task(api.told(CONTACTS, as_=owner)) for _ in range(5)]
            await until_waiting(store, 5)
            server.process.send_signal(signal.SIGTERM)
            assert {await feed.closed() for feed in feeds} == {1012}
            for task in load:
                assert await task > 0
            with pytest.raises((OSError, ConnectionClosed)):
                async with api.socket(as_=owner):
                    pass
            await held.rollback()
            assert [(await task).json()["data"] for task in slow] == [{"contacts": {"nodes": []}}] * 5
        await asyncio.to_thread(server.until_gone)
        assert server.process.returncode == 0, server.said
        assert "Traceback" not in server.said
    await lock.close()


async def _ask_until_refused(api: Api, as_: SignedIn) -> int:
    """How many were answered, all of them well, until no connection was to be had."""
    answered = 0
    while True:
        try:
            answer = await api.told("{ firm { name } }", as_=as_)
        except httpx.TransportError:
            return answered
        assert answer.status_code == 200
        answered += 1
