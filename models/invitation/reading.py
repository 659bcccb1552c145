"""Invitations as the team sees them: of toggles, and by their own ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from models.ground import clock, store
from models.invitation.invitation import InvitationState
from models.invitation.state import LAST, ON_TOGGLES, ROW_ID, STATE
from models.viewer import Viewer


@dataclass(frozen=True, slots=True)
class InvitationView:
    """`id`: that of the toggles where no invitation tells the state, because none was sent or none was needed."""

    id: UUID
    state: InvitationState
    sent_at: datetime | None
    expires_at: datetime | None


async def of_toggles(by: Viewer, toggles_ids: Sequence[UUID]) -> dict[UUID, InvitationView]:
    """The last one of each, in one statement; none where nobody was ever invited and Login is off."""
    rows = await store.rows(_OF_TOGGLES, by.firm_id, list(toggles_ids), clock.now())
    return {row["toggles_id"]: _view(row) for row in rows}


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, InvitationView]:
    """Those of clients, and those that toggles stand for."""
    rows = await store.rows(_BY_IDS, by.firm_id, list(ids), clock.now())
    return {row["id"]: _view(row) for row in rows}


def _view(row: Record) -> InvitationView:
    return InvitationView(row["id"], InvitationState(row["state"]), row["sent_at"], row["expires_at"])


_OF_TOGGLES = f"""
SELECT * FROM (
  SELECT t.id AS toggles_id, {ROW_ID} AS id, {ON_TOGGLES.format(now="$3")} AS state,
    CASE WHEN {ROW_ID} = i.id THEN i.sent_at END AS sent_at,
    CASE WHEN {ROW_ID} = i.id THEN i.expires_at END AS expires_at
  FROM toggles t LEFT JOIN portal_user p ON p.firm_id = t.firm_id AND p.address_id = t.address_id
  {LAST}
  WHERE t.firm_id = $1 AND t.id = ANY($2::uuid[])
) AS told WHERE state IS NOT NULL
"""
_BY_IDS = f"""
SELECT i.id, {STATE.format(now="$3")} AS state, i.sent_at, i.expires_at FROM invitation i
WHERE i.firm_id = $1 AND i.id = ANY($2::uuid[]) AND i.address_id IS NOT NULL
UNION ALL SELECT id, state, sent_at, expires_at FROM ({_OF_TOGGLES}) AS on_toggles WHERE id = toggles_id
"""
