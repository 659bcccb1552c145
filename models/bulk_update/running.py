"""A worker that goes on with runs, for as long as the process lives."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import structlog

from models.bulk_update.stepping import Pace, step
from models.ground.checkpoint import checkpoint
from models.run import RunKind, RunLost, claim, release

LOOK_SECONDS = 0.25
LONGEST_WAIT = 60.0
"""Seconds between looks while the database is away."""
log = structlog.get_logger("bulk_update")


class Runner:
    """`await run()` until `await stop()`. Any number of them: one goes on with a firm's run at a time."""

    def __init__(self, pace: Callable[[], Pace] = Pace) -> None:
        self._pace = pace
        self._owner = f"runner {uuid4().hex}"
        self._stopping = asyncio.Event()
        self._failures = 0

    async def run(self) -> None:
        """Survives whatever the database does: what is under way stays so."""
        while not self._stopping.is_set():
            try:
                busy = await self.look()
                self._failures = 0
            except Exception as error:
                busy = False
                self._failures += 1
                log.warning("run.failed", error=type(error).__name__)
            if not busy:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), self._wait())

    async def stop(self) -> None:
        self._stopping.set()

    async def look(self) -> bool:
        """Goes on with the run whose turn it is, to its end or until `stop`; False: there is none."""
        if (held := await claim(self._owner, [RunKind.BULK_UPDATE, RunKind.UNDO])) is None:
            return False
        checkpoint("after a run was claimed")
        pace = self._pace()
        try:
            while not self._stopping.is_set() and await step(held, pace):
                pass
        except RunLost:
            log.info("run.lost", run=str(held.run_id))
        finally:
            with suppress(Exception):
                await release(held)
        return True

    def _wait(self) -> float:
        return min(LONGEST_WAIT, 2.0 ** min(self._failures - 1, 10)) if self._failures else LOOK_SECONDS
