"""While it is written down that a letter was sent, the next one of its line is on its way, and does not leave yet."""

import asyncio
from dataclasses import replace

import pytest

from mail.outbox import new_owner, one_pass
from models.ground import store
from models.viewer import System
from tests.support.firm.factories import a_firm
from tests.support.letters.outbox import a_route, row_of, sent_all, state_of, written
from tests.support.servers.smtp import SmtpSink, Taken

pytestmark = pytest.mark.usefixtures("store")
FIRST, SECOND = "first@client.test", "second@client.test"


async def test_the_next_letter_is_announced_meanwhile_and_its_bytes_wait(by: System) -> None:
    """So of one letter of a line, and no more, it may be unknown whether it arrived."""
    first, second = await written(by, FIRST), await written(by, SECOND)
    held, announced = asyncio.Event(), asyncio.Event()
    seen: list[tuple[str, int, int]] = []

    async def hold() -> None:
        async with store.transaction():
            await store.row("SELECT 1 FROM letter WHERE id = $1 FOR UPDATE", first)
            held.set()
            await announced.wait()
            await _others_leave()
            seen.append((await state_of(first), (await row_of(second))["handed_over"], len(sink.letters)))

    async def answered(taken: Taken) -> None:
        if taken.to == (FIRST,):
            holding.append(asyncio.create_task(hold()))
            await held.wait()

    async def named(address: str) -> None:
        if address == SECOND:
            announced.set()

    holding: list[asyncio.Task[None]] = []
    async with SmtpSink(answered=answered, named=named) as sink:
        await one_pass(replace(a_route(sink.server), connections=1), owner=new_owner())
        await holding[0]
        assert [taken.to[0] for taken in sink.letters] == [FIRST, SECOND]
    assert seen == [("QUEUED", 0, 1)]
    assert [await state_of(first), await state_of(second)] == ["SENT", "SENT"]


async def _others_leave() -> None:
    """By another line: it would be far more than time enough for one that does not wait."""
    another_firm = await a_firm()
    async with SmtpSink() as sink:
        for n in range(3):
            await written(another_firm, f"other{n}@client.test")
            assert (await sent_all(sink.server)).handled == 1


async def test_a_letter_that_was_only_announced_when_the_outbox_is_told_to_stop_does_not_leave(by: System) -> None:
    first, second = await written(by, FIRST), await written(by, SECOND)
    stopping = asyncio.Event()

    async def named(address: str) -> None:
        if address == SECOND:
            stopping.set()

    async with SmtpSink(named=named) as sink:
        await one_pass(replace(a_route(sink.server), connections=1), owner=new_owner(), stopping=stopping)
        assert [taken.to[0] for taken in sink.letters] == [FIRST]
    row = await row_of(second)
    assert (await state_of(first), row["state"]) == ("SENT", "QUEUED")
    assert (row["handed_over"], row["attempts"], row["locked_by"]) == (0, 0, None)
