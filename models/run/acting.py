"""Who acts in a run: whoever started it, with the rights that they have now."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models import api_token
from models.ground import store
from models.viewer import ApiScope, JournalSource, TeamRole, Viewer


@dataclass(frozen=True, slots=True)
class Actor:
    """`viewer` carries the run, so that each journal entry names it. `may_go_on`: still has the right (R27)."""

    viewer: Viewer
    may_go_on: bool


async def acting(run: Any) -> Actor:
    """
    `run`: its row. Looked up in every chunk. A run that an API token began goes on only while the token is good for it.
    """
    member = await store.row(_MEMBER, run["firm_id"], run["started_by"])
    assert member is not None, "colleagues who left are kept"
    viewer = Viewer(
        run["firm_id"],
        run["started_by"],
        run["id"],
        TeamRole(member["role"]),
        member["manage_accounts"],
        scopes=frozenset({ApiScope.WRITE}) if run["source"] == JournalSource.API_TOKEN else None,
        run_id=run["id"],
    )
    may_go_on = member["state"] == "ACTIVE" and viewer.may_manage_accounts and await _token_lives(run["token_id"])
    return Actor(viewer, may_go_on)


async def _token_lives(token_id: UUID | None) -> bool:
    return token_id is None or token_id in await api_token.still_all([token_id])


_MEMBER = "SELECT role, manage_accounts, state FROM team_member WHERE firm_id = $1 AND id = $2"
