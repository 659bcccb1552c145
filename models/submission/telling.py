"""Tells those who follow e-mails that some of them have come a step further."""

from collections.abc import Sequence
from uuid import UUID

from models import journal
from models.ground import store
from models.journal import FeedKind, Subject
from models.viewer import Actor


async def tell(by: Actor, ids: Sequence[UUID]) -> None:
    """Names the accounts that the e-mails are linked to. In the transaction that changes these."""
    if not ids:
        return
    for email_id, accounts in await store.rows(_ACCOUNTS, by.firm_id, list(ids)):
        journal.record(FeedKind.EMAIL_MOVED, by=by, subject=(Subject.EMAIL, email_id), accounts=accounts)


_ACCOUNTS = """
SELECT n.id, ARRAY(SELECT l.account_id FROM email_account l WHERE l.firm_id = $1 AND l.email_id = n.id) AS accounts
FROM unnest($2::uuid[]) AS n(id)
"""
