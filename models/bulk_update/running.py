"""A worker that goes on with runs, for as long as the process lives."""

from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import structlog

from models.bulk_update.failing import failed, is_trouble
from models.bulk_update.stepping import Pace, step
from models.ground.checkpoint import checkpoint
from models.ground.rounds import Rounds
from models.run import Held, RunKind, RunLost, claim, release

LOOK_SECONDS = 0.25
log = structlog.get_logger("bulk_update")


class Runner(Rounds):
    """Any number of them: one goes on with a firm's run at a time."""

    def __init__(self, pace: Callable[[], Pace] = Pace) -> None:
        super().__init__("bulk_update", LOOK_SECONDS)
        self._pace = pace
        self._owner = f"runner {uuid4().hex}"

    async def look(self) -> bool:
        """
        Goes on with the run whose turn it is, to its end, until it fails or until `stop`; False: there is none. Raises
        what the database raises.
        """
        if (held := await claim(self._owner, [RunKind.BULK_UPDATE, RunKind.UNDO])) is None:
            return False
        checkpoint("after a run was claimed")
        try:
            await self._go_on(held)
        except RunLost:
            log.info("run.lost", run=str(held.run_id), firm=str(held.firm_id))
        except Exception as error:
            if is_trouble(error):
                raise
            await failed(held, error)
        finally:
            with suppress(Exception):
                await release(held)
        return True

    async def _go_on(self, held: Held) -> None:
        pace = self._pace()
        if held.failures:
            pace.items = pace.LEAST  # so that what can be done is done, up to where it fails
        while not self._stopping.is_set() and await step(held, pace):
            pass
