"""Many at a time: what callers ask for one by one, and any of them may give up on; what nothing binds together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import copy_context
from typing import Generic, TypeVar

Given = TypeVar("Given")
Answer = TypeVar("Answer")


class Together(Generic[Given, Answer]):
    """
    What comes while one round is under way goes into the next, all of it at once: nobody waits for company, and many
    who ask share a statement or a transaction. `do` answers for each, in their order; what it raises, all of its round
    get, and nobody of the next.

    Each caller waits for an answer of its own: whoever is cancelled stops neither the round nor the others. What was
    asked for is done also for who has gone. Rounds run in the context that this was made in, not in that of a caller.
    """

    def __init__(self, do: Callable[[Sequence[Given]], Awaitable[Sequence[Answer]]]) -> None:
        self._do = do
        self._context = copy_context()
        self._waiting: list[tuple[Given, asyncio.Future[Answer]]] = []
        self._rounds: asyncio.Task[None] | None = None

    async def __call__(self, request: Given) -> Answer:
        """Raises what its round raises."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answer))
        if self._rounds is None or self._rounds.done():  # looked at, not noted: a task that dies could not note it
            self._rounds = asyncio.create_task(self._go(), context=self._context.copy())
        return await answer

    async def _go(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            try:
                answers = await self._do([request for request, _ in waiting])
                _tell(waiting, answers)
            except Exception as error:
                _fail(waiting, error)


async def to_the_end(*work: Awaitable[object]) -> None:
    """All at the same time, whatever becomes of the others. Then raises what the first of those that failed raised."""
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


def _tell(waiting: Sequence[tuple[Given, "asyncio.Future[Answer]"]], answers: Sequence[Answer]) -> None:
    for (_, future), answer in zip(waiting, answers, strict=True):
        if not future.done():  # else its caller has been cancelled
            future.set_result(answer)


def _fail(waiting: Sequence[tuple[Given, "asyncio.Future[Answer]"]], error: Exception) -> None:
    for _, future in waiting:
        if not future.done():
            future.set_exception(error)
