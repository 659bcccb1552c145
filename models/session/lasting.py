"""
How long a session lasts: from its beginning the days it was given, and never longer unused than the installation says
(`SWITCHBOARD_SESSION_IDLE_DAYS`; 14 days where nothing is said). An open socket is a use. API tokens have times of
their own.

`expires_at` is when it ends as things stand, and moves with each use; `ends_at` is when it ends however it is used.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from models.ground import clock, store
from models.ground.settings import Settings
from models.viewer import Asker

EXACT_TO = timedelta(minutes=1)
"""A use is written down once in this time, however often a session is used."""
OPEN_EXACT_TO = timedelta(hours=1)
"""The same, for a session that only has a socket open."""
_idle = timedelta(days=14)


def limit(settings: Settings) -> None:
    """Sets the installation's limit for this process."""
    global _idle
    _idle = timedelta(days=settings.session_idle_days)


def unused_until() -> datetime:
    """When a session ends if it is not used from now on."""
    return clock.now() + _idle


async def used(session_id: UUID) -> None:
    """Writes a use down, in one statement. Never waits for whoever is changing the session; revives none that ended."""
    await store.execute(_USED, session_id, clock.now(), unused_until())


async def keep_open(askers: Collection[Asker]) -> None:
    """Prolongs sessions that only have sockets open, in one statement."""
    ids = [asker.session_id for asker in askers if asker.scopes is None]
    if ids:
        await store.execute(_KEEP, ids, clock.now(), unused_until(), OPEN_EXACT_TO)


_END = "coalesce(ends_at, expires_at)"  # a session that the release before this one began has no other
_LASTS = f"ends_at = {_END}, expires_at = least({_END}, "
_USED = f"""
UPDATE session SET last_used_at = $2, {_LASTS} $3::timestamptz)
WHERE id = (SELECT id FROM session WHERE id = $1 AND expires_at > $2 FOR UPDATE SKIP LOCKED)
"""
_KEEP = f"""
UPDATE session SET {_LASTS} $3::timestamptz) WHERE id IN (
  SELECT id FROM session WHERE id = ANY($1::uuid[]) AND expires_at > $2
    AND expires_at + $4::interval <= least({_END}, $3::timestamptz)
  ORDER BY id FOR UPDATE SKIP LOCKED)
"""
