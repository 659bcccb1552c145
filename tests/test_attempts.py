"""Attempts, as to sign in, counted by several processes together where Redis carries the wake-ups."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from limits import RateLimitItemPerMinute
from redis.asyncio import Redis
from structlog.testing import capture_logs

from models import attempts
from models.attempts import Attempts
from models.errors import RateLimited
from tests.support.firm.cast import ANNA
from tests.support.servers.redis import RedisServer

pytestmark = pytest.mark.usefixtures("store", "shared")
HERE = "192.0.2.1"


@pytest.fixture
async def shared(redis: RedisServer) -> AsyncIterator[None]:
    await attempts.share(redis.url)
    yield
    await attempts.share(None)


def a_process(most: int = 3, name: str = "sign in") -> Attempts:
    """It has counted nothing by itself. `most`: attempts in 15 minutes for each address."""
    often = RateLimitItemPerMinute(100, 15)
    return Attempts(name, "Too many.", address=RateLimitItemPerMinute(most, 15), caller=often)


async def test_what_one_process_counts_counts_in_the_others() -> None:
    for one in (a_process(), a_process(), a_process()):
        await one.count(ANNA, HERE)
    with pytest.raises(RateLimited) as limited:
        await a_process().count(ANNA, HERE)
    assert timedelta() < limited.value.retry_at - datetime.now(UTC) <= timedelta(minutes=15, seconds=2)
    await a_process().count("bruno@client.test", HERE)
    await a_process(name="password reset").count(ANNA, HERE)


@pytest.mark.parametrize("goes", [RedisServer.kill, RedisServer.freeze])
async def test_without_its_redis_a_process_counts_by_itself_and_says_so(
    redis: RedisServer, goes: Callable[[RedisServer], None]
) -> None:
    one = a_process(most=1)
    goes(redis)
    with capture_logs() as logs:
        await one.count(ANNA, HERE)
        with pytest.raises(RateLimited):
            await one.count(ANNA, HERE)
    assert {(each["event"], each["log_level"]) for each in logs} == {("attempts.counted_alone", "warning")}


async def test_once_redis_is_back_they_count_together_again(redis: RedisServer) -> None:
    redis.kill()
    await a_process().count(ANNA, HERE)
    redis.start()
    with capture_logs() as logs:
        await a_process(most=1).count(ANNA, HERE)
        with pytest.raises(RateLimited):
            await a_process(most=1).count(ANNA, HERE)
    assert not logs


async def test_who_comes_in_by_one_process_is_forgiven_by_all_and_the_caller_is_not() -> None:
    one, other = a_process(most=2), a_process(most=2)
    for _ in range(5):
        await one.count(ANNA, HERE)
        await other.count(ANNA, HERE)
        await other.forgive(ANNA)
    often = Attempts(
        "sign in", "Too many.", address=RateLimitItemPerMinute(2, 15), caller=RateLimitItemPerMinute(100, 15)
    )
    for n in range(90):
        await often.count(f"{n}@client.test", HERE)
    with pytest.raises(RateLimited):
        await often.count(ANNA, HERE)


async def test_redis_is_not_told_who_tries(redis: RedisServer) -> None:
    await a_process().count(ANNA, HERE)
    async with Redis.from_url(redis.url) as asked:
        kept = await asked.keys()
    assert len(kept) == 2
    assert not any(told.encode() in key for told in (ANNA, "anna", HERE) for key in kept)


@pytest.mark.parametrize("together", [True, False])
async def test_whoever_gives_up_in_any_turn_of_the_loop_keeps_nobody_from_being_counted(together: bool) -> None:
    if not together:
        await attempts.share(None)
    one = a_process(most=10_000)
    with capture_logs() as logs:
        for turns in count():
            counting = asyncio.create_task(one.count(f"{turns}@client.test", f"192.0.2.{turns % 250}"))
            for _ in range(turns):
                await asyncio.sleep(0)
            if counting.done():
                break
            counting.cancel()
            await asyncio.wait([counting])
            await one.count(ANNA, HERE)
    assert not logs


async def test_whoever_comes_in_while_others_are_counted_leaves_no_error_behind() -> None:
    await attempts.share(None)
    errors: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context["message"]))
    one = a_process(most=10_000)
    everybody = [f"{number}@client.test" for number in range(9)]
    for address in everybody:
        await one.count(address, HERE)
        await alone()
    await one.count(ANNA, HERE)
    await asyncio.sleep(0)  # limits begins to look through all that it keeps
    for address in everybody:
        await one.forgive(address)
    await alone()
    await one.count(ANNA, HERE)
    assert not errors


async def alone() -> None:
    """What limits does beside us has come to its end."""
    while asyncio.all_tasks() != {asyncio.current_task()}:  # noqa: ASYNC110 - any task
        await asyncio.sleep(0)
