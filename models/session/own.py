"""A person's own sessions: where one is signed in, and ending one of them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models.errors import ErrorCode, Refusal
from models.ground import clock, store
from models.idempotency import Done
from models.session.ending import end
from models.viewer import Viewer, must_be_in_person


@dataclass(frozen=True, slots=True)
class SessionView:
    """`last_used_at` is exact to a minute. `device`: a User-Agent. `current`: the session that asks."""

    id: UUID
    created_at: datetime
    last_used_at: datetime | None
    device: str | None
    current: bool


async def own(by: Viewer) -> list[SessionView]:
    """All that have not ended, the newest first."""
    sessions = await store.rows(_OWN, by.firm_id, by.member_id, clock.now())
    return [
        SessionView(
            session["id"],
            session["created_at"],
            session["last_used_at"],
            session["device"],
            session["id"] == by.session_id,
        )
        for session in sessions
    ]


_OWN = """
SELECT id, created_at, last_used_at, device FROM session
WHERE firm_id = $1 AND member_id = $2 AND expires_at > $3 ORDER BY id DESC LIMIT 100
"""


async def end_own(by: Viewer, session_id: UUID) -> Done:
    """Its next request is refused, its sockets close. Raises NOT_FOUND; NOT_ALLOWED for an API token."""
    must_be_in_person(by)
    async with store.transaction(by.firm_id) as tx:
        if not await end(by, [by.member_id], only=session_id):
            raise Refusal(ErrorCode.NOT_FOUND, "You have no such session (any more).", "id")
    return Done((session_id,), tx.cursor)
