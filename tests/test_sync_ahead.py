"""Fetching goes ahead of storing, and loses nothing by it."""

import asyncio
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from mail.sync.ahead import AHEAD, Ahead

ROOM = 4


class Shelf:
    def __init__(self) -> None:
        self.stored: list[UUID] = []
        self.may_store = asyncio.Event()

    async def put(self, what: UUID) -> None:
        await self.may_store.wait()
        self.stored.append(what)

    async def fail(self) -> None:
        await self.may_store.wait()
        raise OSError("the disk is full")


async def test_what_was_fetched_is_stored_though_the_line_breaks() -> None:
    shelf, batches, first = Shelf(), asyncio.Semaphore(ROOM), uuid7()

    async def visit() -> None:
        async with Ahead(batches) as ahead:
            await ahead.room()
            ahead.go_on([first], shelf.put(first))
            assert ahead.ids == [first]
            shelf.may_store.set()
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await visit()
    assert shelf.stored == [first]
    assert batches._value == ROOM


async def test_a_failure_to_store_is_told_at_the_end_and_stops_no_other() -> None:
    shelf, batches, second = Shelf(), asyncio.Semaphore(ROOM), uuid7()

    async def visit() -> None:
        async with Ahead(batches) as ahead:
            await ahead.room()
            ahead.go_on([uuid7()], shelf.fail())
            await ahead.room()
            ahead.go_on([second], shelf.put(second))
            shelf.may_store.set()

    with pytest.raises(OSError, match="full"):
        await visit()
    assert shelf.stored == [second]
    assert batches._value == ROOM


async def test_no_more_is_fetched_than_two_ahead_and_giving_up_drops_it() -> None:
    shelf, batches = Shelf(), asyncio.Semaphore(ROOM)

    async def fetching_without_end() -> None:
        async with Ahead(batches) as ahead:
            while True:
                await ahead.room()
                ahead.go_on([uuid7()], shelf.put(uuid7()))

    fetching = asyncio.create_task(fetching_without_end())
    for _ in range(10):
        await asyncio.sleep(0)
    assert batches._value == ROOM - AHEAD
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert shelf.stored == []
    assert batches._value == ROOM
