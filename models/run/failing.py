"""
A run that fails whenever it is tried: after some tries it is given up, so that it holds up no later run of its firm.
Only what fails by itself counts: not that the database was away, nor that somebody held what it waited for.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import structlog

from models.ground import store
from models.run.acting import acting
from models.run.ending import close
from models.run.lease import Held, hold, put_off
from models.viewer import Viewer

GiveUp = Callable[[Viewer, UUID, str], Awaitable[None]]
"""Ends a run that cannot begin, or go on, for this reason, in plain words; inside a transaction that holds it."""

MOST = 5
"""Times in a row, with nothing done in between."""
FIRST_WAIT, FACTOR = 2.0, 4
"""Seconds before it is tried again, and how much longer each further time: two minutes and a half in all."""
_TROUBLE = (
    OSError,  # store.Away with it, and what is too slow to answer
    asyncpg.TransactionRollbackError,  # class 40: a deadlock
    asyncpg.LockNotAvailableError,
    asyncpg.OperatorInterventionError,  # class 57: it starts, stops, or was told to end our session
)
log = structlog.get_logger("run")


def is_trouble(error: Exception) -> bool:
    """Whether the database is at fault, and not the run. That a statement takes too long is the run's fault."""
    return isinstance(error, _TROUBLE) and not isinstance(error, asyncpg.QueryCanceledError)


async def failed(held: Held, error: Exception, give_up: GiveUp) -> None:
    """Counts it; the run goes on after a while, or is at its end. Raises RunLost, and what the database raises."""
    failures = await put_off(held, most=MOST, first=FIRST_WAIT, factor=FACTOR)
    log.warning(
        "run.failed",
        run=str(held.run_id),
        firm=str(held.firm_id),
        error=type(error).__name__,
        failures=failures,
        given_up=failures >= MOST,
    )
    if failures < MOST:
        return
    async with store.transaction(held.firm_id):
        run = await hold(held)
        if failures == MOST:
            why = f"It failed {MOST} times in a row, for a reason of ours; the rest was left as it is."
            await give_up((await acting(run)).viewer, held.run_id, why)
        else:  # telling of it is what fails
            await close(held.firm_id, held.run_id)
