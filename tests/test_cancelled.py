"""A loop that was told to end ends, though a library it waits by has swallowed the word."""

import asyncio
from contextlib import suppress

import pytest

from models.ground.cancelled import heed
from tests.support.waiting import patience


async def swallowed(begun: asyncio.Event) -> None:
    with suppress(asyncio.CancelledError):
        begun.set()
        await asyncio.Event().wait()


async def for_ever(begun: asyncio.Event) -> None:
    while True:
        heed()
        await swallowed(begun)


async def test_a_loop_ends_though_the_word_was_swallowed() -> None:
    begun = asyncio.Event()
    task = asyncio.create_task(for_ever(begun))
    await begun.wait()
    task.cancel()
    async with patience():
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_who_was_not_told_to_end_goes_on_also_after_a_time_that_was_over() -> None:
    heed()
    with suppress(TimeoutError):
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
    heed()
