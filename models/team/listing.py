"""Colleagues as their own team sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models.account_columns import AccountColumn
from models.ground import store
from models.notification import NotificationSetting, channels
from models.team.member import TeamMemberState
from models.viewer import TeamRole, Viewer


@dataclass(frozen=True, slots=True)
class TeamMemberView:
    """
    `account_columns` and `notification_settings` are empty on anybody but the viewer. `two_factor`: whether a second
    factor is asked for; None where that is not for the viewer to know.
    """

    id: UUID
    name: str
    email: str
    role: TeamRole
    manage_accounts: bool
    state: TeamMemberState
    account_columns: tuple[AccountColumn, ...]
    notification_settings: tuple[NotificationSetting, ...]
    two_factor: bool | None
    version: int


async def of_firm(by: Viewer) -> list[TeamMemberView]:
    """Everybody who was not removed, by name."""
    members = await store.rows(f"{_SELECT} WHERE firm_id = $1 AND state <> 'REMOVED' ORDER BY name, id", by.firm_id)
    return [_view(member, by) for member in members]


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, TeamMemberView]:
    members = await store.rows(f"{_SELECT} WHERE firm_id = $1 AND id = ANY($2::uuid[])", by.firm_id, list(ids))
    return {member["id"]: _view(member, by) for member in members}


_SELECT = f"""
SELECT id, name, email, role, manage_accounts, state, account_columns, {channels.COLUMNS}, totp_since, version
FROM team_member
"""


def _view(member: Any, by: Viewer) -> TeamMemberView:
    role = TeamRole(member["role"])
    return TeamMemberView(
        id=member["id"],
        name=member["name"],
        email=member["email"],
        role=role,
        manage_accounts=member["manage_accounts"] or role is not TeamRole.EMPLOYEE,
        state=TeamMemberState(member["state"]),
        account_columns=tuple(map(AccountColumn, member["account_columns"])) if member["id"] == by.member_id else (),
        notification_settings=channels.settings_of(member) if member["id"] == by.member_id else (),
        two_factor=member["totp_since"] is not None if by.is_admin or member["id"] == by.member_id else None,
        version=member["version"],
    )
