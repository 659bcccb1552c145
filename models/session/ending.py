from uuid import UUID

from models import store
from models.viewer import Asker


async def sign_out(viewer: Asker, *, everywhere: bool = False) -> list[UUID]:
    """Ends this session, or all of the person's; answers which."""
    found = await store.rows(
        "DELETE FROM session WHERE firm_id = $1 AND $2 IN (member_id, user_id) AND ($3 OR id = $4) RETURNING id",
        viewer.firm_id,
        viewer.person_id,
        everywhere,
        viewer.session_id,
    )
    return [row["id"] for row in found]
