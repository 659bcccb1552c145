"""The account that a session works in, and the notice that names it (R36, R37)."""

from uuid import UUID

from models import journal
from models.errors import ErrorCode, Refusal
from models.ground import store
from models.idempotency import Done
from models.portal.visit import visited
from models.viewer import Client


async def select(by: Client, account_id: UUID) -> Done:
    """
    From now on the session works in this account; its open subscriptions, which show the one before, end.

    Raises NOT_FOUND where the client may not enter it.
    """
    async with store.transaction(by.firm_id) as tx:
        place = await store.row(_LOCK, by.firm_id, by.session_id, account_id, by.address_id)
        if place is None or not place["may_enter"]:
            raise Refusal(ErrorCode.NOT_FOUND, "You have no such account.", "accountId")
        left = place["account_id"]
        if left != account_id:
            await store.execute(_PICK, by.firm_id, by.session_id, account_id)
            await visited(by.firm_id, by.user_id, [account_id, *([left] if left else [])])
            journal.record(journal.FeedKind.ACCESS_ENDED, by=by)
    return Done((account_id,), tx.cursor)


_LOCK = """
SELECT s.account_id, EXISTS (
  SELECT 1 FROM toggles t JOIN account a ON a.firm_id = t.firm_id AND a.id = t.account_id
  WHERE t.firm_id = $1 AND t.account_id = $3 AND t.address_id = $4 AND t.login AND a.archived_at IS NULL) AS may_enter
FROM session s WHERE s.firm_id = $1 AND s.id = $2 FOR NO KEY UPDATE OF s
"""
_PICK = "UPDATE session SET account_id = $3 WHERE firm_id = $1 AND id = $2"


async def dismiss_notice(by: Client, account_id: UUID) -> Done:
    """Until the next sign-in. `account_id`: the account it named. Raises ACCOUNT_SWITCHED, as `must_be_in`."""
    must_be_in(by, account_id)
    query = "UPDATE session SET notice_dismissed = true WHERE firm_id = $1 AND id = $2"
    await store.execute(query, by.firm_id, by.session_id)
    return Done((account_id,))


def must_be_in(by: Client, account_id: UUID, *path: str) -> None:
    """Raises ACCOUNT_SWITCHED where the session works in another account, or in none (R37)."""
    if by.account_id != account_id:
        raise Refusal(
            ErrorCode.ACCOUNT_SWITCHED,
            "You work in another account now. Load the page again to see it, or switch back.",
            *(path or ("accountId",)),
        )
