"""The viewer's role as it is now: while they waited for the firm's lock, it may have been changed."""

from models.errors import ErrorCode, Refusal
from models.ground import store
from models.viewer import TeamRole, Viewer

RULERS = (TeamRole.OWNER, TeamRole.ADMIN)


async def must_still_rule(by: Viewer) -> TeamRole:
    """Answers the role. Under `firm.one_at_a_time`, which whoever changes a role takes. Raises NOT_ALLOWED."""
    role = await store.value(_ROLE, by.firm_id, by.member_id)
    if role not in RULERS:
        raise Refusal(ErrorCode.NOT_ALLOWED, "You are no owner or admin of the firm any more.")
    return TeamRole(role)


_ROLE = "SELECT role FROM team_member WHERE firm_id = $1 AND id = $2 AND state = 'ACTIVE'"
