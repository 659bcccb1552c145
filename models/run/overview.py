"""All runs of all firms that have not ended, in numbers: for whoever operates the installation."""

from datetime import timedelta

from models.ground import clock, store
from models.run.lease import SECONDS, UNENDED
from models.run.run import RunStatus


async def states() -> dict[RunStatus, int]:
    """How many wait for their turn and how many are under way; 0 included."""
    counted = await store.rows(f"SELECT status, count(*) FROM run WHERE {UNENDED} GROUP BY status")
    return {RunStatus.QUEUED: 0, RunStatus.RUNNING: 0} | {RunStatus(status): runs for status, runs in counted}


async def oldest() -> timedelta:
    """How long ago the oldest of them was asked for; none is there: zero."""
    asked_for = await store.value(f"SELECT min(started_at) FROM run WHERE {UNENDED}")
    return max(clock.now() - asked_for, timedelta()) if asked_for else timedelta()


async def stand_still() -> bool:
    """Whether some are there for longer than a lease lives, and no worker goes on with any."""
    unheld = await store.value(
        f"SELECT NOT coalesce(bool_or(lease_owner IS NOT NULL AND lease_until > now()), true) FROM run WHERE {UNENDED}"
    )
    return bool(unheld) and await oldest() > timedelta(seconds=SECONDS)
