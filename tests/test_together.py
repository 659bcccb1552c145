"""Asked for one by one, done many at a time."""

import asyncio
from collections.abc import Sequence

import pytest

from mail.outbox.together import Together
from tests.toy import until


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


async def asked(together: Together[int], *numbers: int) -> list[asyncio.Task[bool]]:
    """All of them wait when this returns."""
    waiting: list[int] = []

    async def ask(number: int) -> bool:
        waiting.append(number)
        return await together(number)

    tasks = [asyncio.create_task(ask(number)) for number in numbers]
    await until(lambda: len(waiting) == len(numbers))
    return tasks


async def in_a_round(together: Together[int], desk: Desk, *numbers: int) -> list[asyncio.Task[bool]]:
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
