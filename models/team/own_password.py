"""A colleague's own password."""

from uuid import UUID

from models import firm, journal, letter, password, second_factor, session
from models.errors import ErrorCode, Refusal
from models.ground import clock, store
from models.idempotency import Done
from models.journal import JournalKind, Subject
from models.viewer import Viewer


async def change_password(by: Viewer, *, current: str, new: str) -> Done:
    """
    Ends the person's other sessions, and every link to reset the password that is still out.

    Raises WRONG_CREDENTIALS with the path `currentPassword`, WEAK_PASSWORD, RATE_LIMITED; NOT_ALLOWED for a token.
    """
    member = await second_factor.proven(by, current, "currentPassword")
    about = (member["email"], member["name"], (await firm.of(by)).name)
    hashed = await password.hashed(password.checked(new, "newPassword", about=about))
    async with store.transaction(by.firm_id) as tx:
        if not await store.execute(_CHANGE, by.firm_id, by.member_id, hashed, member["password_hash"]):
            raise Refusal(ErrorCode.WRONG_CREDENTIALS, "Your password was changed meanwhile.", "currentPassword")
        await session.end(by, [by.member_id], but=by.session_id)
        await end_resets(by, by.member_id)
        changes = [journal.Change("password", None, None)]
        journal.record(JournalKind.MEMBER_CHANGED, by=by, subject=(Subject.TEAM_MEMBER, by.member_id), changes=changes)
    return Done((by.member_id,), tx.cursor)


_CHANGE = "UPDATE team_member SET password_hash = $3 WHERE firm_id = $1 AND id = $2 AND password_hash = $4"


async def end_resets(by: Viewer, member_id: UUID) -> None:
    """Ends links to a new password, and cancels letters with them. Runs inside a transaction."""
    resets = await store.rows(_END_RESETS, by.firm_id, member_id, clock.now())
    await letter.cancel(by, reset_ids=[reset["id"] for reset in resets])


_END_RESETS = """
UPDATE password_reset SET ended_at = $3, end_reason = 'REVOKED'
WHERE firm_id = $1 AND member_id = $2 AND ended_at IS NULL RETURNING id
"""
