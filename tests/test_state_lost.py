"""State subscriptions whose reader gives up at any moment, or whose database is away when they would be read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
from websockets.exceptions import ConnectionClosed

from graph.engine.transport.sockets import TRY_AGAIN
from graph.ids import Kind, global_id
from models import journal
from models.ground import store
from models.journal import JournalKind, Subject
from models.session import SignedIn
from models.viewer import System, Viewer
from tests.support.api.client import Api, Following, an_api
from tests.support.api.contact_state import DONE, FOLLOW, Reader, by_hand, endpoint_of, renamed, staged
from tests.support.api.toy_server import until
from tests.support.firm.factories import a_contact, a_firm, signed_in

AWAY = """CREATE FUNCTION is_there() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
  RAISE 'away' USING ERRCODE = '57P01'; END $$"""


async def given_up(reader: Reader, turns: int) -> bool:
    """Whether its next state had come when it was given up, so many turns of the loop after it was asked for."""
    asking = asyncio.ensure_future(reader.name())
    for _ in range(turns):
        await asyncio.sleep(0)
    came = asking.done()
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    return came


async def test_who_gives_up_in_any_turn_of_the_loop_leaves_all_as_it_was(api: Api) -> None:
    by = await a_firm()
    owner, marta = await signed_in(by), await a_contact(by, name="0")
    staged(api)
    async with api.follow(FOLLOW, {"id": global_id(Kind.CONTACT, marta)}, as_=owner) as other:
        await other.next()
        await until(lambda: len(endpoint_of(api).groups) == 1)
        for turns in count():
            async with by_hand(api, marta, owner) as reader:
                came = await given_up(reader, turns)
            if came:
                break
        for turns in count(step=3):
            async with by_hand(api, marta, owner) as reader:
                await reader.name()
                news = asyncio.create_task(renamed(by, marta, f"{turns + 1}"))
                came = await given_up(reader, turns)
            await news
            assert (await other.next())["name"] == f"{turns + 1}"
            if came:
                break
        await renamed(by, marta, DONE)
        assert (await other.next())["name"] == DONE
        with pytest.raises(StopAsyncIteration):
            await other.next()
    await until(lambda: not api.app.state.budget.subscriptions and not endpoint_of(api).groups)
    assert api.app.state.doorkeeper.ungreeted == 0


@pytest.fixture
async def owned(own_store: str, tmp_path: Path) -> AsyncIterator[tuple[Api, System, SignedIn[Viewer], UUID]]:
    by = await a_firm()
    owner, marta = await signed_in(by), await a_contact(by, name="0")
    async with an_api(own_store, tmp_path) as api:
        staged(api)
        yield api, by, owner, marta


async def moved(by: System, contact_id: UUID) -> None:
    async with store.transaction():
        journal.record(JournalKind.CONTACT_CHANGED, by=by, subject=(Subject.CONTACT, contact_id))


async def closed_with(window: Following) -> int | None:
    with pytest.raises(ConnectionClosed) as closed:
        await window.next()
    return closed.value.rcvd.code if closed.value.rcvd else None


async def test_while_the_database_is_away_all_are_told_to_come_again_and_are_then_told_how_it_is(
    owned: tuple[Api, System, SignedIn[Viewer], UUID],
) -> None:
    api, by, owner, marta = owned
    asked = {"id": global_id(Kind.CONTACT, marta)}
    async with AsyncExitStack() as stack:
        windows = [await stack.enter_async_context(api.follow(FOLLOW, asked, as_=owner)) for _ in range(3)]
        assert [(await window.next())["name"] for window in windows] == ["0"] * 3
        await store.execute("ALTER TABLE contact RENAME TO kept")
        await store.execute(AWAY)
        await store.execute("CREATE VIEW contact AS SELECT * FROM kept WHERE is_there()")
        await moved(by, marta)
        assert [await closed_with(window) for window in windows] == [TRY_AGAIN] * 3
    async with api.follow(FOLLOW, asked, as_=owner) as window:
        assert await closed_with(window) == TRY_AGAIN
    await store.execute("DROP VIEW contact")
    await store.execute("ALTER TABLE kept RENAME TO contact")
    async with api.follow(FOLLOW, asked, as_=owner) as window:
        assert (await window.next())["name"] == "0"
        await renamed(by, marta, DONE)
        assert (await window.next())["name"] == DONE
