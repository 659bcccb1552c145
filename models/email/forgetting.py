"""E-mails are forgotten: nothing of them stays but what the journal said when they came."""

from collections.abc import Sequence
from uuid import UUID

from models import journal, stored_file
from models.ground import store
from models.journal import Change, FeedKind
from models.viewer import System


async def forget(by: System, ids: Sequence[UUID]) -> int:
    """
    Deletes e-mails with attachments, sources and their Inbox+ entries; answers how many there were. Documents saved
    from them stay. Files that nothing else names go a day later (`models.stored_file`). A few statements for all, under
    `history.lock`; no ledger may name them any more.
    """
    if not ids:
        return 0
    await _forget_entries(by, ids)
    accounts = [link["account_id"] for link in await store.rows(_UNLINK, by.firm_id, list(ids))]
    await store.execute(_KEEP_DOCUMENTS, by.firm_id, list(ids))
    for table in ("email_participant", "attachment"):
        column = "file" if table == "attachment" else "NULL"
        query = f"DELETE FROM {table} WHERE firm_id = $1 AND email_id = ANY($2::uuid[]) RETURNING {column} AS file"
        gone = await store.rows(query, by.firm_id, list(ids))
        await stored_file.drop(by.firm_id, [file["file"] for file in gone])
    await _forget_submissions(by, ids)
    emails = await store.rows(_FORGET, by.firm_id, list(ids))
    await stored_file.drop(by.firm_id, [email["raw_file"] for email in emails])
    for table in ("thread_ref", "thread_alias"):
        await store.execute(_FORGET_THREADS.format(table), by.firm_id, list({email["thread_id"] for email in emails}))
    if accounts:
        changes = [Change("history", None, "0")]
        journal.record(FeedKind.EMAILS_FORGOTTEN, by=by, accounts=set(accounts), changes=changes)
    return len(emails)


_UNLINK = "DELETE FROM email_account WHERE firm_id = $1 AND email_id = ANY($2::uuid[]) RETURNING account_id"
_KEEP_DOCUMENTS = """
UPDATE document SET email_id = NULL, attachment_id = NULL WHERE firm_id = $1 AND email_id = ANY($2::uuid[])
"""
_FORGET = "DELETE FROM email WHERE firm_id = $1 AND id = ANY($2::uuid[]) RETURNING raw_file, thread_id"
_FORGET_THREADS = """
DELETE FROM {} r WHERE firm_id = $1 AND thread_id = ANY($2::uuid[])
  AND NOT EXISTS (SELECT 1 FROM email m WHERE m.firm_id = $1 AND m.thread_id = r.thread_id)
"""


async def _forget_submissions(by: System, ids: Sequence[UUID]) -> None:
    """The submissions of those that were written here."""
    query = "DELETE FROM submission WHERE firm_id = $1 AND id = ANY($2::uuid[]) RETURNING file"
    submissions = await store.rows(query, by.firm_id, list(ids))
    await stored_file.drop(by.firm_id, [submission["file"] for submission in submissions])


async def _forget_entries(by: System, ids: Sequence[UUID]) -> None:
    entries = await store.rows(_FORGET_ENTRIES, by.firm_id, list(ids))
    if entries:
        touched, audience = [entry["id"] for entry in entries], {entry["member_id"] for entry in entries}
        journal.record(FeedKind.NOTIFICATIONS_MOVED, by=by, touched=touched, audience=audience)


_FORGET_ENTRIES = """
DELETE FROM notification WHERE firm_id = $1 AND kind = 'EMAIL_RECEIVED' AND subject_id = ANY($2::uuid[])
RETURNING id, member_id
"""
