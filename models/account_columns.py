"""The columns of one's own account list (R49)."""

from collections.abc import Sequence
from enum import StrEnum

from models import journal
from models.errors import ErrorCode, Refusal
from models.ground import store
from models.idempotency import Done
from models.viewer import Viewer


class AccountColumn(StrEnum):
    """Columns of the account list (R49)."""

    CODE = "CODE"
    NAME = "NAME"
    KIND = "KIND"
    LOGIN = "LOGIN"
    NOTIFY = "NOTIFY"
    EMAIL_SYNC = "EMAIL_SYNC"
    CONTACTS = "CONTACTS"


async def set_account_columns(by: Viewer, columns: Sequence[AccountColumn]) -> Done:
    """The viewer's own, in order (R49). Raises INVALID where a column comes twice or none is left."""
    if not columns or len(set(columns)) != len(columns):
        raise Refusal(ErrorCode.INVALID, "Name each column once, and at least one.", "columns")
    async with store.transaction(by.firm_id) as tx:
        before = await store.value("SELECT account_columns FROM team_member WHERE id = $1 FOR UPDATE", by.member_id)
        if list(before) != list(columns):
            query = "UPDATE team_member SET account_columns = $1 WHERE firm_id = $2 AND id = $3"
            await store.execute(query, list(columns), by.firm_id, by.member_id)
            subject = (journal.Subject.TEAM_MEMBER, by.member_id)
            changes = [journal.Change("accountColumns", " ".join(before), " ".join(columns))]
            journal.record(journal.JournalKind.MEMBER_CHANGED, by=by, subject=subject, changes=changes)
    return Done((by.member_id,), tx.cursor)
