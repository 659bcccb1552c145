"""Who a token stands for, asked anew for every operation and every delivery."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from models import api_token
from models.access import MAY_ENTER
from models.ground import clock, keys, store
from models.session.lasting import EXACT_TO, used
from models.viewer import Asker, Client, TeamRole, Viewer


def _asker(asker: Any) -> Asker:
    if asker["user_id"]:
        return Client(asker["firm_id"], asker["user_id"], asker["address_id"], asker["session_id"], asker["account_id"])
    rights = TeamRole(asker["role"]), asker["manage_accounts"]
    return Viewer(asker["firm_id"], asker["member_id"], asker["session_id"], *rights)


async def viewer_of(token: str) -> Asker | None:
    """Who a token stands for; None: nobody (any more). Asked anew for every operation."""
    if token.startswith(api_token.PREFIX):
        return await api_token.viewer_of(token)
    now = clock.now()
    asker = await store.row(f"{_ASKER} AND s.token_hash = $1 AND s.expires_at > $2", keys.token_hash(token), now)
    if asker is None:
        return None
    if asker["last_used_at"] is None or asker["last_used_at"] <= now - EXACT_TO:
        await used(asker["session_id"])
    return _asker(asker)


async def of(firm_id: UUID, session_id: UUID) -> Asker | None:
    """Who a session, or the API token of this id, stands for now; None: it has ended."""
    query = f"{_ASKER} AND s.firm_id = $1 AND s.id = $2 AND s.expires_at > $3"
    asker = await store.row(query, firm_id, session_id, clock.now())
    if asker:
        return _asker(asker)
    token = (await api_token.still_all([session_id])).get(session_id)
    return token if token and token.firm_id == firm_id else None


async def still(viewer: Asker) -> Asker | None:
    """The same viewer, with the rights of now; None where the session or token has ended."""
    return (await still_all([viewer])).get(viewer)


async def still_all(viewers: Collection[Asker]) -> dict[Asker, Asker]:
    """
    The same viewers, with their rights and account of now; those whose session or API token has ended are missing.
    Asked anew for every delivery.
    """
    ids = [viewer.session_id for viewer in viewers if viewer.scopes is None]
    askers = await store.rows(f"{_ASKER} AND s.id = ANY($1::uuid[]) AND s.expires_at > $2", ids, clock.now())
    now = {asker["session_id"]: _asker(asker) for asker in askers}
    if tokens := [viewer.session_id for viewer in viewers if viewer.scopes is not None]:
        now |= await api_token.still_all(tokens)
    return {viewer: now[viewer.session_id] for viewer in viewers if viewer.session_id in now}


_ASKER = f"""
SELECT s.id AS session_id, s.firm_id, s.last_used_at, s.member_id, m.role, m.manage_accounts, s.user_id, p.address_id,
  CASE WHEN {MAY_ENTER.format(and_also=" AND a.id = s.account_id")} THEN s.account_id END AS account_id
FROM session s
LEFT JOIN team_member m ON m.firm_id = s.firm_id AND m.id = s.member_id AND m.state = 'ACTIVE'
LEFT JOIN portal_user p ON p.firm_id = s.firm_id AND p.id = s.user_id
WHERE (m.id IS NOT NULL OR {MAY_ENTER.format(and_also="")})"""
"""A client who may enter no account any more has no session either (R47)."""
