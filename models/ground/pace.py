"""What is told every so often at most."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic


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
