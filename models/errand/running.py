"""Errands are done: each at least once, and what it does is done once (R31)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog

from models.errand.errand import ErrandKind
from models.errand.leaving import opened
from models.ground import store
from models.ground.checkpoint import checkpoint
from models.ground.rounds import Rounds
from models.invitation import asking as new_invitation
from models.password_reset import asking as new_password

AT_ONCE = 10
"""So that a firm whose lock is held for long holds up few others."""
AGAIN_AFTER = timedelta(seconds=30)
"""Of one that failed, or whose worker was killed in it. Longer than anybody waits for a firm's lock."""
LOOK_SECONDS = 1.0
DO: Mapping[ErrandKind, Callable[..., Awaitable[None]]] = {
    ErrandKind.NEW_INVITATION: new_invitation.answer,
    ErrandKind.PASSWORD_RESET: new_password.answer,
}
log = structlog.get_logger("errands")


async def run_errands() -> int:
    """All that are due, those that come meanwhile too: how many were done. The others are due again a little later."""
    done = 0
    while due := await store.rows(_CLAIM, AT_ONCE, AGAIN_AFTER):
        done += sum(await asyncio.gather(*map(_run, due)))
    return done


# a worker that is thought dead may still be at one: then both do it, and it is done once
_CLAIM = """
UPDATE errand e SET due_at = now() + $2::interval
FROM (SELECT id FROM errand WHERE due_at <= now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED) due
WHERE e.id = due.id RETURNING e.id, e.kind, e.sealed
"""


async def _run(errand: Any) -> bool:
    """False: it has failed, and stays."""
    try:
        checkpoint("before an errand")
        await DO[errand["kind"]](**opened(errand["id"], errand["sealed"]))
        checkpoint("after an errand")
        await store.execute("DELETE FROM errand WHERE id = $1", errand["id"])
    except Exception as error:
        log.warning("errand.failed", errand=str(errand["id"]), kind=errand["kind"], error=type(error).__name__)
        return False
    return True


class Errands(Rounds):
    """Looks for errands that are due. Any number of them: each errand is one's at a time."""

    def __init__(self) -> None:
        super().__init__("errands", LOOK_SECONDS)

    async def look(self) -> None:
        await run_errands()
