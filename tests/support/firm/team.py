"""Colleagues who are invited, and join."""

from models import team
from models.ground import store
from models.session import SignedIn
from models.viewer import TeamRole, Viewer


async def colleague_invited(
    by: Viewer, email: str = "new@firm.test", role: TeamRole = TeamRole.EMPLOYEE, name: str = "Nina"
) -> team.TeamMemberView:
    done = await team.invite(by, name=name, email=email, role=role)
    return (await team.by_ids(by, done.ids))[done.ids[0]]


async def open_invitations(member_id: object) -> list[object]:
    found = await store.rows("SELECT * FROM invitation WHERE member_id = $1 AND ended_at IS NULL", member_id)
    return list(found)


async def joined(by: Viewer, email: str = "new@firm.test", role: TeamRole = TeamRole.EMPLOYEE) -> SignedIn:
    member = await colleague_invited(by, email, role)
    (row,) = await open_invitations(member.id)
    async with store.transaction():
        return await team.join(row, "a hash", days=1)
