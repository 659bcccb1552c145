"""
How soon something comes: answers that take the same time whatever was found, where the time would tell what the words
do not; and what is told every so often at most.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic


@asynccontextmanager
async def even_pace(seconds: float) -> AsyncIterator[None]:
    """The block ends no sooner than `seconds` after it began, however it ends."""
    ends = monotonic() + seconds
    try:
        yield
    finally:
        await asyncio.sleep(ends - monotonic())


class Pace:
    """
    At most one in so many `seconds`: `rest` before each, `note` after it. The first rests not at all.

    `now` is a clock that never goes back, in seconds; `sleep` waits for so many seconds of it.
    """

    def __init__(
        self,
        seconds: float,
        *,
        now: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.seconds = seconds
        self._now = now
        self._sleep = sleep
        self._free_at = now()

    def note(self) -> None:
        self._free_at = self._now() + self.seconds

    async def rest(self) -> None:
        if (left := self._free_at - self._now()) > 0:
            await self._sleep(left)
