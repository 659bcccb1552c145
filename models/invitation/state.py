"""The state of an invitation: for the team, and as SQL for lists, filters and reports alike (R7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from models.ground import clock, store
from models.invitation.invitation import InvitationState
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
    return {invitation["toggles_id"]: _view(invitation) for invitation in rows}


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, InvitationView]:
    """By ids of invitations; and by ids of toggles, where these stand for one (ROW_ID)."""
    rows = await store.rows(_BY_IDS, by.firm_id, list(ids), clock.now())
    return {invitation["id"]: _view(invitation) for invitation in rows}


def _view(invitation: Record) -> InvitationView:
    return InvitationView(
        invitation["id"], InvitationState(invitation["state"]), invitation["sent_at"], invitation["expires_at"]
    )


STATE = """CASE
  WHEN i.end_reason = 'USED' THEN 'ACCEPTED'
  WHEN i.end_reason = 'EXPIRED' OR (i.ended_at IS NULL AND i.expires_at <= {now}) THEN 'EXPIRED'
  WHEN i.ended_at IS NOT NULL THEN 'REVOKED'
  WHEN i.bounced_at IS NOT NULL THEN 'BOUNCED'
  WHEN i.sent_at IS NULL THEN 'NOT_SENT' ELSE 'SENT' END"""
"""
Of an invitation `i`; `{now}` is the argument that holds the time. What has ended comes first: a used one stays ACCEPTED
after its time, and whatever ended it but use and time is REVOKED. Of one that lives, that it came back counts for more
than that it was sent.
"""

LAST = f"""LEFT JOIN LATERAL (
  SELECT v.*, c.left_at FROM invitation_account c
  JOIN invitation v ON v.firm_id = {store.FIRM} AND v.id = c.invitation_id
  WHERE c.firm_id = {store.FIRM} AND c.account_id = t.account_id AND v.address_id = t.address_id
  ORDER BY v.id DESC LIMIT 1
) i ON i.left_at IS NULL OR i.left_at = i.ended_at"""
"""
The last invitation `i` that ever covered toggles `t`, their account and address; none where there was none, and none
either where the account was taken out of it and it stayed good for others (not even an earlier one counts then). Where
it ended as the account left, `left_at = ended_at`, it still counts: it says why nobody can accept.
"""

ON_TOGGLES = f"""CASE
  WHEN t.login AND p.id IS NOT NULL THEN 'ACCEPTED'
  WHEN i.id IS NOT NULL THEN {STATE}
  WHEN t.login THEN 'NOT_SENT' END"""
"""
Of toggles `t`, with LAST and the portal identity `p` of their address, if any. Whoever is activated and may enter has
accepted, whatever became of the last invitation; else that one tells; else Login says that none was sent. NULL: Login
is off, and no invitation tells anything.
"""

ROW_ID = """CASE WHEN i.id IS NULL OR (t.login AND p.id IS NOT NULL AND i.end_reason IS DISTINCT FROM 'USED')
  THEN t.id ELSE i.id END"""
"""
The id of what ON_TOGGLES tells: the invitation's where it is one that tells, the toggles' where there is none, or where
access came otherwise than by it: then its dates are left out, too.
"""
_OF_TOGGLES = f"""
SELECT * FROM (
  SELECT t.id AS toggles_id, {ROW_ID} AS id, {ON_TOGGLES.format(now="$3")} AS state,
    CASE WHEN {ROW_ID} = i.id THEN i.sent_at END AS sent_at,
    CASE WHEN {ROW_ID} = i.id THEN i.expires_at END AS expires_at
  FROM toggles t LEFT JOIN portal_user p ON p.firm_id = {store.FIRM} AND p.address_id = t.address_id
  {LAST}
  WHERE t.firm_id = $1 AND t.id = ANY($2::uuid[])
) AS told WHERE state IS NOT NULL
"""
_BY_IDS = f"""
SELECT i.id, {STATE.format(now="$3")} AS state, i.sent_at, i.expires_at FROM invitation i
WHERE i.firm_id = $1 AND i.id = ANY($2::uuid[]) AND i.address_id IS NOT NULL
UNION ALL SELECT id, state, sent_at, expires_at FROM ({_OF_TOGGLES}) AS on_toggles WHERE id = toggles_id
"""
