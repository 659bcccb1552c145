"""Fetching goes ahead of storing, and loses nothing by it."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from mail.sync import Tools
from mail.sync.ahead import AHEAD, SMALL, Ahead
from models.viewer import System
from tests.support.api.toy_server import until
from tests.support.emails.synced_mailbox import connected, letter, subjects_of, synced
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import an_account
from tests.support.servers.imap import ImapServer

ROOM = 4


class Shelf:
    def __init__(self) -> None:
        self.begun = 0
        self.stored: list[UUID] = []
        self.may_store = asyncio.Event()

    async def put(self, what: UUID) -> None:
        self.begun += 1
        await self.may_store.wait()
        self.stored.append(what)

    async def fail(self) -> None:
        await self.may_store.wait()
        raise OSError("the disk is full")


async def places(batches: asyncio.Semaphore) -> int:
    """That are free: as many as can be taken without waiting."""
    async with AsyncExitStack() as taken:
        count = 0
        while not batches.locked():
            await taken.enter_async_context(batches)
            count += 1
        return count


async def test_what_was_fetched_is_stored_though_the_line_breaks() -> None:
    shelf, batches, first = Shelf(), asyncio.Semaphore(ROOM), uuid7()

    async def visit() -> None:
        async with Ahead(batches) as ahead:
            await ahead.room(SMALL + 1)
            ahead.go_on([first], shelf.put(first))
            assert ahead.ids == [first]
            shelf.may_store.set()
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await visit()
    assert shelf.stored == [first]
    assert await places(batches) == ROOM


async def test_a_failure_to_store_is_told_at_the_end_and_stops_no_other() -> None:
    shelf, batches, second = Shelf(), asyncio.Semaphore(ROOM), uuid7()

    async def visit() -> None:
        async with Ahead(batches) as ahead:
            await ahead.room(SMALL + 1)
            ahead.go_on([uuid7()], shelf.fail())
            await ahead.room(SMALL + 1)
            ahead.go_on([second], shelf.put(second))
            shelf.may_store.set()

    with pytest.raises(OSError, match="full"):
        await visit()
    assert shelf.stored == [second]
    assert await places(batches) == ROOM


async def test_no_more_is_fetched_than_two_ahead() -> None:
    shelf, batches = Shelf(), asyncio.Semaphore(ROOM)
    shelf.may_store.set()
    stored_at = []
    async with Ahead(batches) as ahead:
        for _ in range(10):
            await ahead.room(SMALL + 1)
            stored_at.append(len(shelf.stored))
            ahead.go_on([uuid7()], shelf.put(uuid7()))
    assert stored_at[:AHEAD] == [0] * AHEAD
    assert all(stored > number - AHEAD for number, stored in enumerate(stored_at))
    assert len(shelf.stored) == 10


async def test_giving_up_drops_what_is_ahead() -> None:
    shelf, batches = Shelf(), asyncio.Semaphore(ROOM)

    async def fetching_without_end() -> None:
        async with Ahead(batches) as ahead:
            while True:
                await ahead.room(SMALL + 1)
                ahead.go_on([uuid7()], shelf.put(uuid7()))

    fetching = asyncio.create_task(fetching_without_end())
    await until(lambda: shelf.begun == AHEAD)
    assert await places(batches) == ROOM - AHEAD
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert shelf.stored == []
    assert await places(batches) == ROOM


async def test_a_small_batch_needs_no_room_in_the_process() -> None:
    shelf, full = Shelf(), asyncio.Semaphore(0)
    shelf.may_store.set()
    arrival = uuid7()
    async with Ahead(full) as ahead:
        await ahead.room(SMALL)
        ahead.no_more()
        await ahead.room(SMALL)
        ahead.go_on([arrival], shelf.put(arrival))
    assert shelf.stored == [arrival]
    assert full.locked()


async def test_what_just_came_in_waits_for_no_slow_server_of_others(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    server.inbox.append(letter(subject="now"))
    await synced(mailbox_id, replace(tools, batches=asyncio.Semaphore(0)))
    assert await subjects_of(account.id) == ["now"]
