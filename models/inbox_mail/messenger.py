"""Looks for letters and digests that are due, for as long as the process lives."""

import asyncio
from contextlib import suppress

import structlog

from models.inbox_mail.digests import write_digests
from models.inbox_mail.entries import write_entries

LOOK_SECONDS = 1.0
DIGEST_SECONDS = 30.0
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds between looks while the database is away."""
log = structlog.get_logger("inbox_mail")


class Messenger:
    """`await run()` until `await stop()`. Any number of them: of a firm one writes at a time."""

    def __init__(self) -> None:
        self._stopping = asyncio.Event()
        self._digests_at = 0.0
        self._failures = 0

    async def run(self) -> None:
        """Survives whatever the database does: what is due stays due."""
        while not self._stopping.is_set():
            try:
                await self._look()
                self._failures = 0
            except Exception as error:
                self._failures += 1
                log.warning("inbox_mail.failed", error=type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._wait())

    async def stop(self) -> None:
        self._stopping.set()

    async def _look(self) -> None:
        await write_entries()
        if (now := asyncio.get_running_loop().time()) >= self._digests_at:
            await write_digests()
            self._digests_at = now + DIGEST_SECONDS

    def _wait(self) -> float:
        return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self._failures - 1, 10)) if self._failures else LOOK_SECONDS
