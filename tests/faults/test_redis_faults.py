"""Redis killed and back, and frozen: each subscriber has everything, none twice, and hears again by itself."""

import pytest

from models.feed import Hub
from tests.support.api.feed import a_hub, listening, say
from tests.support.api.toy_server import until
from tests.support.firm.factories import a_firm
from tests.support.servers.redis import RedisServer
from tests.support.waiting import NEVER, patience

pytestmark = pytest.mark.faults
QUICK = {"poll": 0.2, "beat": 0.2, "silence": 1.0}


async def heard_again(hub: Hub) -> None:
    """A poll that never comes would have to be waited for: so the channel itself is asked."""
    await until(lambda: hub.hears)


async def test_redis_killed_and_back_loses_nothing(store: str, redis: RedisServer) -> None:
    by = await a_firm()
    async with a_hub(redis.url, **QUICK) as one, a_hub(redis.url, **QUICK) as other:
        await until(lambda: one.hears and other.hears)
        async with listening(one, by.firm_id) as here, listening(other, by.firm_id) as there:
            said = 0
            for _ in range(3):
                for step in (redis.kill, redis.start):
                    step()
                    for _ in range(5):
                        said += 1
                        await say(by, str(said))
                await heard_again(one)
            for listener in (here, there):
                await listener.until(lambda one: len(one.texts) >= said)
                assert listener.texts == [str(number + 1) for number in range(said)]


async def test_after_redis_is_back_wake_ups_travel_again(store: str, redis: RedisServer) -> None:
    by = await a_firm()
    async with a_hub(redis.url, poll=NEVER, beat=0.2, silence=1.0) as hub:
        await until(lambda: hub.hears)
        redis.kill()
        await until(lambda: not hub.hears)
        redis.start()
        await heard_again(hub)
        async with listening(hub, by.firm_id) as listener:
            await say(by, "one")
            await listener.until(lambda one: one.texts == ["one"])


async def test_a_frozen_redis_keeps_nobody_waiting(store: str, redis: RedisServer) -> None:
    by = await a_firm()
    async with a_hub(redis.url, **QUICK) as hub:
        await until(lambda: hub.hears)
        async with listening(hub, by.firm_id) as listener:
            redis.freeze()
            async with patience():
                await say(by, "one")
            await listener.until(lambda one: one.texts == ["one"])
            await until(lambda: not hub.hears)
            redis.thaw()
            await heard_again(hub)
            await say(by, "two")
            await listener.until(lambda one: one.texts == ["one", "two"])


async def test_a_hub_closes_while_redis_is_frozen(store: str, redis: RedisServer) -> None:
    async with a_hub(redis.url, beat=NEVER, silence=NEVER) as hub:  # nothing but the closing notices
        await until(lambda: hub.hears)
        redis.freeze()
        async with patience():
            await hub.close()
    redis.thaw()
