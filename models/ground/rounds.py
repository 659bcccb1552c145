"""Small workers that look again and again for what is due, for as long as the process lives."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress

import structlog

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds between looks while the database is away."""


class Rounds(ABC):
    """`await run()` until `await stop()`. `seconds`: between two looks; `name`: in the log."""

    def __init__(self, name: str, seconds: float) -> None:
        self._name, self._seconds = name, seconds
        self._stopping = asyncio.Event()
        self._failures = 0

    @abstractmethod
    async def look(self) -> bool | None:
        """For what is due, and does it. True: there may be more, and it looks again at once."""

    async def run(self) -> None:
        """Survives whatever the database does: what is due stays due."""
        while not self._stopping.is_set():
            busy = False
            try:
                busy = bool(await self.look())
                self._failures = 0
            except Exception as error:
                self._failures += 1
                structlog.get_logger(self._name).warning(f"{self._name}.failed", error=type(error).__name__)
            if not busy:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), self._wait())

    async def stop(self) -> None:
        self._stopping.set()

    def _wait(self) -> float:
        return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self._failures - 1, 10)) if self._failures else self._seconds
