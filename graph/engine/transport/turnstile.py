"""Work that holds the event loop for a moment is done for one caller at a time."""

import asyncio


class Turnstile:
    """
    One at a time, with a turn of the loop between two: a page, which needs some ten turns to be answered, then waits
    for a few of a crowd that came at once, and not for all. Used from one event loop.
    """

    def __init__(self) -> None:
        self._arms = asyncio.Lock()

    async def enter(self) -> None:
        """Returns when the loop is the caller's, until they next await."""
        async with self._arms:
            await asyncio.sleep(0)
