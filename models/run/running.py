"""A worker that goes on with runs, for as long as the process lives."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

import structlog

from models.ground import store
from models.ground.checkpoint import checkpoint
from models.ground.rounds import Rounds
from models.run.failing import GiveUp, failed, is_trouble
from models.run.lease import Held, RunLost, claim, release
from models.run.pace import Pace
from models.run.run import RunKind

LOOK_SECONDS = 0.25
log = structlog.get_logger("run")


@dataclass(frozen=True, slots=True)
class Work:
    """
    What runs of some `kinds` do. `step`: goes one step further, in one transaction; False: the run has ended. Raises
    RunLost. `fills`: the tables that grow by it.
    """

    name: str
    kinds: Sequence[RunKind]
    step: Callable[[Held, Pace], Awaitable[bool]]
    give_up: GiveUp
    fills: Sequence[str]


class Runner(Rounds):
    """Any number of them, of the same work or another: one goes on with a firm's run at a time."""

    def __init__(self, work: Work, pace: Callable[[], Pace] = Pace) -> None:
        super().__init__(work.name, LOOK_SECONDS)
        self._work, self._pace = work, pace
        self._owner = f"runner {uuid4().hex}"

    async def look(self) -> bool:
        """
        Goes on with the run whose turn it is, to its end, until it fails or until `stop`; False: there is none. Raises
        what the database raises.
        """
        if (held := await claim(self._owner, self._work.kinds)) is None:
            return False
        checkpoint("after a run was claimed")
        try:
            await self._go_on(held)
        except RunLost:
            log.info("run.lost", run=str(held.run_id), firm=str(held.firm_id))
        except Exception as error:
            if is_trouble(error):
                raise
            await failed(held, error, self._work.give_up)
        finally:
            with suppress(Exception):
                await release(held)
        return True

    async def _go_on(self, held: Held) -> None:
        pace = self._pace()
        if held.failures:
            pace.items = pace.LEAST  # so that what can be done is done, up to where it fails
        steps = 0
        while not self._stopping.is_set() and await self._work.step(held, pace):
            steps += 1
            if (
                pace.fills and steps & (steps - 1) == 0
            ):  # 1, 2, 4, 8, …: the tables may be twice as large as at the last time
                await store.measure_anew(self._work.fills)
