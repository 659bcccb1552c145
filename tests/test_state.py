"""State subscriptions: how it is at once, then the latest, at most one a second, none missed at the end, to the end."""

import asyncio
from contextlib import AsyncExitStack, suppress
from typing import Any
from uuid import UUID

import pytest
from websockets.exceptions import ConnectionClosed

from graph.engine.transport import RequestError
from graph.ids import Kind, global_id
from models import contact, session
from models.contact import ContactEmail, FieldRef
from models.ground import store
from models.ground.pace import Pace
from models.journal import WINDOW_POSITIONS
from models.session import SignedIn
from models.viewer import System, TeamRole, Viewer
from tests.support.api.client import Api, Following, TopLevelErrors, bearer
from tests.support.api.contact_state import DONE, FOLLOW, Gate, Stage, by_hand, elsewhere, endpoint_of, renamed, staged
from tests.support.api.streams import COMPLETE, END, MULTIPART, SSE, followed_at
from tests.support.api.toy_server import until
from tests.support.firm.factories import a_client, a_contact, a_firm, counting, signed_in


@pytest.fixture
def stage(api: Api) -> Stage:
    return staged(api)


@pytest.fixture
async def marta(by: System) -> UUID:
    return await a_contact(by, "marta@client.test", name="0")


def about(contact_id: UUID) -> dict[str, str]:
    return {"id": global_id(Kind.CONTACT, contact_id)}


async def begun(stack: AsyncExitStack, api: Api, contact_id: UUID, who: SignedIn[Viewer]) -> Following:
    """A window that has been told how it is."""
    window = await stack.enter_async_context(api.follow(FOLLOW, about(contact_id), as_=who))
    await window.next()
    return window


async def ends(window: Following) -> bool:
    with pytest.raises(StopAsyncIteration):
        await window.next()
    return True


async def rest(window: Following) -> list[str]:
    """The names that it is told until the end."""
    told = []
    with suppress(StopAsyncIteration):
        while True:
            told.append((await window.next())["name"])
    return told


async def test_the_present_state_comes_at_once_then_each_that_follows_and_the_end(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer], marta: UUID
) -> None:
    async with api.follow(FOLLOW, about(marta), as_=owner) as window:
        assert await window.next() == {"name": "0", "emails": 1}
        await renamed(by, marta, "1")
        assert await window.next() == {"name": "1", "emails": 1}
        await contact.update(by, marta, emails=[ContactEmail(FieldRef(name="Work email"), "m@client.test")])
        assert await window.next() == {"name": "1", "emails": 2}  # what its fields lead to is read anew too
        await renamed(by, marta, DONE)
        assert (await window.next())["name"] == DONE
        assert (await window.message())["type"] == "complete"


@pytest.mark.parametrize("accept", [SSE, MULTIPART])
async def test_a_stream_ends_with_the_last_state(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer], marta: UUID, accept: str
) -> None:
    query = FOLLOW.replace("$id: ID!", f'$id: ID! = "{about(marta)["id"]}"')
    async with followed_at(api.url, query, accept=accept, headers=bearer(owner)) as stream:
        assert (await stream.answer())["data"]["contactState"]["name"] == "0"
        await renamed(by, marta, DONE)
        last, *rest = await stream.rest()
        assert last["data"]["contactState"]["name"] == DONE
        assert rest == ([COMPLETE, END] if accept == SSE else [END])


async def test_what_has_ended_already_is_told_once(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer], marta: UUID
) -> None:
    await renamed(by, marta, DONE)
    async with api.follow(FOLLOW, about(marta), as_=owner) as window:
        assert (await window.next())["name"] == DONE
        assert await ends(window)


async def test_of_a_hundred_changes_within_a_second_the_last_is_told_when_the_second_is_over(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer], marta: UUID
) -> None:
    stage.seconds = 1
    async with api.follow(FOLLOW, about(marta), as_=owner) as window:
        told = [await window.next()]
        await renamed(by, marta, *(str(number) for number in range(1, 101)))
        await until(lambda: stage.resting == 1)
        stage.pass_second()
        told.append(await window.next())
        await renamed(by, marta, DONE)  # the end waits for its second too, and is not lost in it
        await until(lambda: stage.resting == 1)
        stage.pass_second()
        told.append(await window.next())
        assert await ends(window)
    assert [each["name"] for each in told] == ["0", "100", DONE]
    assert stage.reads == 3


async def test_after_a_quiet_second_a_change_is_told_at_once(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer], marta: UUID
) -> None:
    stage.seconds = 1
    async with api.follow(FOLLOW, about(marta), as_=owner) as window:
        await window.next()
        await until(lambda: len(endpoint_of(api).groups) == 1 and stage.paces == 2)  # its own, and that of its group
        stage.pass_second()
        await renamed(by, marta, "1")  # the clock stands still now: whoever rests does so for good
        assert (await window.next())["name"] == "1"


async def test_what_happens_while_the_first_state_is_on_its_way_is_told(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer], marta: UUID
) -> None:
    async with AsyncExitStack() as stack:
        async with stage.closed(Gate.ALONE_AFTER):
            window = await stack.enter_async_context(api.follow(FOLLOW, about(marta), as_=owner))
            await until(lambda: stage.reads == 1)
            await renamed(by, marta, "1", DONE)
        told = [(await window.next())["name"] for _ in range(2)]
        assert told == ["0", DONE]
        assert await ends(window)


async def test_a_slow_reader_gets_the_latest_and_no_queue(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer], marta: UUID
) -> None:
    async with by_hand(api, marta, owner) as slow:
        assert await slow.name() == "0"
        await renamed(by, marta, "1", "2")
        assert await slow.name() == "2"  # alone so far
        following = asyncio.create_task(slow.name())
        await until(lambda: len(endpoint_of(api).groups) == 1)
        await renamed(by, marta, "3")
        assert await following == "3"
        for number in (4, 5, 6):
            await renamed(by, marta, f"{number}")
            await until(lambda number=number: stage.came[Gate.GROUP_AFTER] == number - 2)
        assert await slow.name() in {"5", "6"}  # 5 has been told for certain when 6 is read
        await renamed(by, marta, DONE)
        while await slow.name() != DONE:
            pass
        with pytest.raises(StopAsyncIteration):
            await slow.next()


async def test_one_change_costs_many_windows_as_many_statements_as_one(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer]
) -> None:
    members = [await signed_in(by, role=TeamRole.EMPLOYEE) for _ in range(4)]
    costs = []
    for number in (1, 24):
        marta = await a_contact(by, name="0")
        async with AsyncExitStack() as stack:
            windows = [await begun(stack, api, marta, members[n % 4]) for n in range(number)]
            await renamed(by, marta, "1")
            for window in windows:  # each of them goes on with the group
                await window.next()
            async with counting() as statements:
                await renamed(by, marta, "2")
                told = [await window.next() for window in windows]
            assert all(each == {"name": "2", "emails": 0} for each in told)
            costs.append(len(statements))
            before = stage.reads
            await renamed(by, marta, DONE)
            assert [(await window.next())["name"] for window in windows] == [DONE] * number
            assert all([await ends(window) for window in windows])
            assert stage.reads == before + 1  # nobody asks again whether it has really ended
    assert costs[1] <= costs[0] + 2, costs


async def test_what_a_group_read_before_a_newcomer_did_is_not_told_to_it_after(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer], marta: UUID
) -> None:
    """The newcomer followed before the change that the group tells, and read after the next."""
    async with AsyncExitStack() as stack:
        first = await begun(stack, api, marta, owner)
        await until(lambda: len(endpoint_of(api).groups) == 1)
        async with stage.closed(Gate.GROUP_AFTER):
            async with stage.closed(Gate.ALONE_BEFORE):
                window = await stack.enter_async_context(api.follow(FOLLOW, about(marta), as_=owner))
                await until(lambda: stage.came[Gate.ALONE_BEFORE] == 2)
                await renamed(by, marta, "1")
                await until(lambda: stage.came[Gate.GROUP_AFTER] == 1)
                await renamed(by, marta, "2")
            assert (await window.next())["name"] == "2"
        assert [(await first.next())["name"] for _ in range(2)] == ["1", "2"]
        await renamed(by, marta, DONE)
        assert set(await rest(window)) <= {"2", DONE}
        assert await rest(first) == [DONE]


async def test_windows_that_come_while_it_moves_each_hear_nothing_older_and_the_end(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer], marta: UUID
) -> None:
    async with AsyncExitStack() as stack:
        windows = []
        for number in range(1, 31):
            windows.append(await stack.enter_async_context(api.follow(FOLLOW, about(marta), as_=owner)))
            await contact.update(by, marta, name=str(number))
        await contact.update(by, marta, name=DONE)
        for window in windows:
            *told, last = await rest(window)
            assert (told, last) == (sorted(told, key=int), DONE)


async def test_what_is_about_something_else_is_not_even_read(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer], marta: UUID
) -> None:
    other = await a_contact(by, "paolo@client.test", name="0")
    async with api.follow(FOLLOW, about(marta), as_=owner) as window:
        await window.next()
        await renamed(by, other, "1", "2")
        await elsewhere(by, "moved", "house")
        await renamed(by, marta, "1")
        assert (await window.next())["name"] == "1"
    assert stage.reads == 2


async def test_what_is_not_there_for_who_asks_is_refused(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer], marta: UUID
) -> None:
    stranger, client = await signed_in(await a_firm("Harbour")), await a_client(by)
    asks: list[tuple[SignedIn[Any], str]] = [
        (owner, global_id(Kind.CONTACT, UUID(int=7))),
        (owner, global_id(Kind.ACCOUNT, marta)),
        (owner, "x"),
        (stranger, about(marta)["id"]),
        (client, about(marta)["id"]),
    ]
    for who, asked in asks:
        async with api.follow(FOLLOW, {"id": asked}, as_=who) as window:
            with pytest.raises(TopLevelErrors, match="There is no such contact") as refused:
                await window.next()
        assert refused.value.codes == ["NOT_FOUND"]
    with pytest.raises(TopLevelErrors) as refused:
        async with api.follow(FOLLOW, about(marta)) as window:
            await window.next()
    assert refused.value.codes == ["UNAUTHENTICATED"]


async def test_what_is_there_no_more_is_refused_to_all_who_follow_it(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer], marta: UUID
) -> None:
    async with AsyncExitStack() as stack:
        windows = [await begun(stack, api, marta, owner) for _ in range(3)]
        await renamed(by, marta, "1")
        for window in windows:
            await window.next()
        await contact.delete(by, marta)
        for window in windows:
            with pytest.raises(TopLevelErrors) as refused:
                await window.next()
            assert refused.value.codes == ["NOT_FOUND"]


async def test_who_signed_out_hears_nothing_more_and_the_others_go_on(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer], marta: UUID
) -> None:
    leaving = await signed_in(by)
    async with AsyncExitStack() as stack:
        stays, leaves = [await begun(stack, api, marta, each) for each in (owner, leaving)]
        await renamed(by, marta, "1")
        assert await stays.next() == await leaves.next()
        await session.sign_out(leaving.viewer)
        await renamed(by, marta, "2")
        assert (await stays.next())["name"] == "2"
        with pytest.raises((TopLevelErrors, ConnectionClosed), match="session has ended"):
            await leaves.next()


async def test_who_signed_out_while_busy_with_a_state_gets_no_other(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer], marta: UUID
) -> None:
    async with by_hand(api, marta, owner) as reader:
        assert await reader.name() == "0"
        await session.sign_out(owner.viewer)
        await renamed(by, marta, "1")
        assert (await reader.next()).refused == "UNAUTHENTICATED"
    assert stage.reads == 1


async def test_who_signed_out_while_a_second_passed_hears_nothing_more(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer], marta: UUID
) -> None:
    stage.seconds = 1
    async with by_hand(api, marta, owner) as reader:
        assert await reader.name() == "0"
        next_answer = asyncio.create_task(reader.next())
        await until(lambda: stage.paces == 2)  # it has joined its group
        await renamed(by, marta, "1")
        await until(lambda: stage.resting == 1)
        await session.sign_out(owner.viewer)
        stage.pass_second()
        with pytest.raises(RequestError, match="session has ended"):
            await next_answer


async def test_a_window_that_leaves_while_a_second_passes_leaves_nothing_behind(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer], marta: UUID
) -> None:
    stage.seconds = 1
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await begun(stack, api, marta, owner)
        await renamed(by, marta, "1")
        await until(lambda: stage.resting)
    await until(lambda: not stage.resting and not api.app.state.budget.subscriptions)
    assert not endpoint_of(api).groups


async def test_who_fell_too_far_behind_is_told_how_it_is_now(
    api: Api, stage: Stage, by: System, owner: SignedIn[Viewer], marta: UUID
) -> None:
    async with AsyncExitStack() as stack:
        async with stage.closed(Gate.ALONE_AFTER):
            window = await stack.enter_async_context(api.follow(FOLLOW, about(marta), as_=owner))
            await until(lambda: stage.reads == 1)
            await renamed(by, marta, "1")
            leap = "UPDATE journal_head SET head = head + $2 WHERE firm_id = $1"
            await store.execute(leap, by.firm_id, 2 * WINDOW_POSITIONS)
            for _ in range(3):
                await elsewhere(by, *map(str, range(200)))  # the tail in memory is shorter
        assert [(await window.next())["name"] for _ in range(2)] == ["0", "1"]
        await renamed(by, marta, DONE)
        assert (await window.next())["name"] == DONE


async def test_a_pace_is_a_second_by_a_clock_that_never_goes_back() -> None:
    waited, at = [], 100.0

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    pace = Pace(1.0, now=lambda: at, sleep=sleep)
    await pace.rest()
    pace.note()
    at += 0.25
    await pace.rest()
    at += 0.75
    await pace.rest()
    assert waited == [0.75]
