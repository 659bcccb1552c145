"""The errands that wait, in numbers: for whoever operates the installation. Not what was asked, nor by whom."""

from datetime import timedelta

from models.ground import clock, store

PATIENCE = timedelta(minutes=1)
"""A worker takes what is due within a second or two, and what failed is due again half a minute later."""


async def waiting() -> int:
    """Those that have failed too; each is kept for a day at most."""
    count: int = await store.value("SELECT count(*) FROM errand")
    return count


async def oldest() -> timedelta:
    """How long ago the oldest of them was asked for; none is there: zero."""
    asked_at = await store.value("SELECT min(asked_at) FROM errand")
    return max(clock.now() - asked_at, timedelta()) if asked_at else timedelta()


async def stand_still() -> bool:
    """Whether some have been due for a minute, and no worker has taken them."""
    overdue = await store.value("SELECT EXISTS (SELECT 1 FROM errand WHERE due_at < now() - $1::interval)", PATIENCE)
    return bool(overdue)
