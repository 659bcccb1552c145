"""Whoever follows e-mails hears that one of them is another step on its way."""

from collections.abc import Sequence
from uuid import UUID

from models import journal
from models.ground import store
from models.journal import FeedKind, Subject
from models.viewer import Actor


async def tell(by: Actor, ids: Sequence[UUID]) -> None:
    """In the transaction that moves these; with the accounts that their e-mails are linked to."""
    if not ids:
        return
    for email_id, accounts in await store.rows(_ACCOUNTS, by.firm_id, list(ids)):
        journal.record(FeedKind.EMAIL_MOVED, by=by, subject=(Subject.EMAIL, email_id), accounts=accounts)


_ACCOUNTS = """
SELECT n.id, ARRAY(SELECT l.account_id FROM email_account l WHERE l.firm_id = $1 AND l.email_id = n.id) AS accounts
FROM unnest($2::uuid[]) AS n(id)
"""
