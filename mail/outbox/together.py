"""Asked for one by one, done many at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Given = TypeVar("Given")


class Together(Generic[Given]):
    """
    What comes while one round is under way goes into the next, all of it at once: nobody waits for company, and many
    who ask share a transaction. `do` answers for each, in their order; what it raises, all of its round get.
    """

    def __init__(self, do: Callable[[Sequence[Given]], Awaitable[Sequence[bool]]]) -> None:
        self._do = do
        self._next: list[Given] = []
        self._round: asyncio.Task[Sequence[bool]] | None = None
        self._coming: asyncio.Task[Sequence[bool]] | None = None

    async def __call__(self, given: Given) -> bool:
        """Whoever is cancelled here does not stop the round."""
        place = len(self._next)
        self._next.append(given)
        if self._coming is None:
            self._coming = asyncio.create_task(self._go(after=self._round))
        return (await asyncio.shield(self._coming))[place]

    async def _go(self, after: asyncio.Task[Sequence[bool]] | None) -> Sequence[bool]:
        if after is not None:
            await asyncio.wait([after])
        self._round, self._coming = self._coming, None
        those, self._next = self._next, []
        return await self._do(those)
