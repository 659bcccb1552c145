"""Wake-ups by Redis: told after the commit, heard by every process, never waited for."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest
from pydantic import ValidationError

from models import journal
from models.ground import store as database
from models.ground.settings import Settings
from models.ground.store.named import CHANNEL
from tests.support.api.feed import a_hub, listening, say
from tests.support.api.toy_server import until
from tests.support.firm.factories import a_firm
from tests.support.servers.redis import RedisServer
from tests.support.waiting import NEVER, patience


async def test_a_change_is_heard_through_redis(store: str, redis: RedisServer) -> None:
    by = await a_firm()
    async with a_hub(redis.url, poll=NEVER) as hub, listening(hub, by.firm_id) as listener:
        await until(lambda: hub.hears)
        await say(by, "one")
        await listener.until(lambda one: one.texts == ["one"])


async def test_two_processes_hear_each_other(store: str, redis: RedisServer) -> None:
    by = await a_firm()
    async with a_hub(redis.url, poll=NEVER) as one, a_hub(redis.url, poll=NEVER) as other:
        await until(lambda: one.hears and other.hears)
        async with listening(one, by.firm_id) as here, listening(other, by.firm_id) as there:
            for number in range(20):
                await say(by, str(number))
            for listener in (here, there):
                await listener.until(lambda one: len(one.texts) == 20)
                assert listener.texts == [str(number) for number in range(20)]


async def test_what_is_rolled_back_wakes_nobody(store: str, redis: RedisServer) -> None:
    by = await a_firm()
    told: list[int] = []
    journal.wake_by(lambda _, head: told.append(head))
    try:
        with suppress(ZeroDivisionError):
            async with database.transaction():
                journal.record(journal.JournalKind.FIRM_CHANGED, by=by)
                raise ZeroDivisionError
        assert told == []
        cursor = await say(by, "one")
        assert told == [cursor]
    finally:
        journal.wake_by(None)


async def test_who_is_cancelled_while_it_commits_has_told_all_the_same(store: str) -> None:
    by = await a_firm()
    before = await journal.head(by.firm_id)
    told: list[int] = []
    journal.wake_by(lambda _, head: told.append(head))
    try:
        for _ in range(30):
            task = asyncio.create_task(say(by, "one"))
            for _ in range(len(told) % 7 + 8):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert len(told) == await journal.head(by.firm_id) - before
    finally:
        journal.wake_by(None)


async def test_with_redis_the_database_tells_nobody(store: str, redis: RedisServer) -> None:
    by, heard = await a_firm(), asyncio.Event()
    connection = await asyncpg.connect(store)
    await connection.add_listener(CHANNEL, lambda *_: heard.set())
    try:
        async with a_hub(redis.url):
            await say(by, "one")
            await connection.fetchval("SELECT 1")  # what there was to hear has been heard
            assert not heard.is_set()
        await say(by, "two")
        async with patience():
            await heard.wait()
    finally:
        await connection.close()


async def test_a_change_does_not_wait_for_a_redis_that_is_not_there(store: str, redis: RedisServer) -> None:
    by = await a_firm()
    redis.kill()
    async with a_hub(redis.url, poll=0.05) as hub, listening(hub, by.firm_id) as listener:
        async with patience():
            await say(by, "one")
        await listener.until(lambda one: one.texts == ["one"])  # by the poll
        assert not hub.hears


async def test_a_hub_that_closes_leaves_no_connection_behind(store: str, redis: RedisServer) -> None:
    from redis.asyncio import Redis

    async with a_hub(redis.url) as hub:
        await until(lambda: hub.hears)
    async with Redis.from_url(redis.url) as asking:
        assert len(await asking.client_list()) == 1


@pytest.mark.parametrize("url", ["http://localhost", "kafka://localhost", "localhost:6379"])
def test_what_cannot_carry_wake_ups_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(ValidationError, match="say redis://host:6379/0"):
        Settings(wakeups_url=url)


def test_what_can_carry_them_is_fine() -> None:
    for url in ("redis://localhost/1", "rediss://localhost", "unix:///run/redis.sock", "postgres:///other", None):
        assert Settings(wakeups_url=url).wakeups_url == url
