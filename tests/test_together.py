"""Asked for one by one, done many at a time."""

import asyncio
from collections.abc import Sequence
from itertools import count

import pytest

from models.ground.together import Together
from tests.support.api.toy_server import until
from tests.support.waiting import PATIENCE


class Desk:
    """Serves a round when the door is open; refuses odd numbers, and breaks down over 13."""

    def __init__(self) -> None:
        self.door = asyncio.Event()
        self.rounds: list[list[int]] = []

    async def serve(self, numbers: Sequence[int]) -> list[bool]:
        self.rounds.append(list(numbers))
        await self.door.wait()
        if 13 in numbers:
            raise OSError("the database is away")
        return [number % 2 == 0 for number in numbers]


async def asked(together: Together[int, bool], *numbers: int) -> list[asyncio.Task[bool]]:
    """All of them wait when this returns."""
    waiting: list[int] = []

    async def ask(number: int) -> bool:
        waiting.append(number)
        return await together(number)

    tasks = [asyncio.create_task(ask(number)) for number in numbers]
    await until(lambda: len(waiting) == len(numbers))
    return tasks


async def in_a_round(together: Together[int, bool], desk: Desk, *numbers: int) -> list[asyncio.Task[bool]]:
    tasks = await asked(together, *numbers)
    await until(lambda: desk.rounds)
    return tasks


async def test_who_comes_during_a_round_shares_the_next() -> None:
    desk = Desk()
    together = Together(desk.serve)
    tasks = [*await in_a_round(together, desk, 1), *await asked(together, 2, 3), *await asked(together, 4)]
    desk.door.set()
    assert await asyncio.gather(*tasks) == [False, True, False, True]
    assert desk.rounds == [[1], [2, 3, 4]]


async def test_what_a_round_fails_with_its_askers_get_and_no_other() -> None:
    desk = Desk()
    together = Together(desk.serve)
    tasks = [*await in_a_round(together, desk, 2), *await asked(together, 13, 4)]
    desk.door.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert answers[0] is True
    assert [type(answer) for answer in answers[1:]] == [OSError, OSError]
    assert await together(6)


async def test_whoever_gives_up_does_not_stop_the_others() -> None:
    desk = Desk()
    together = Together(desk.serve)
    impatient, patient = await asked(together, 2, 4)
    impatient.cancel()
    desk.door.set()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert await patient


async def test_whoever_gives_up_in_any_turn_of_the_loop_leaves_the_rounds_going() -> None:
    desk = Desk()
    desk.door.set()
    together = Together(desk.serve)
    for turns in count():
        asking = asyncio.create_task(together(2))
        for _ in range(turns):
            await asyncio.sleep(0)
        if asking.done():
            break
        asking.cancel()
        assert await asyncio.wait_for(together(4), PATIENCE)


async def test_a_round_that_was_itself_cancelled_is_not_the_last() -> None:
    desk = Desk()
    together = Together(desk.serve)
    for turns in range(3):
        before = asyncio.all_tasks()
        asking = asyncio.create_task(together(2))
        for _ in range(turns):
            await asyncio.sleep(0)
        ending = asyncio.all_tasks() - before
        for task in ending:
            task.cancel()
        await asyncio.wait(ending)
        assert asking.cancelled()
    desk.door.set()
    assert await asyncio.wait_for(together(4), PATIENCE)


async def test_a_wrong_number_of_answers_leaves_nobody_waiting() -> None:
    async def forgets(numbers: Sequence[int]) -> list[bool]:
        return [True] * (len(numbers) - 1)

    with pytest.raises(ValueError, match="shorter"):
        await asyncio.wait_for(Together(forgets)(1), 5)
