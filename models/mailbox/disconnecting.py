"""Disconnecting a mailbox: at once for everybody; what it left goes in the background (`models.mailbox.ending`)."""

from uuid import UUID

from models import journal, our_own, submission
from models.errors import ErrorCode, Refusal
from models.ground import clock, store
from models.idempotency import Done
from models.journal import JournalKind
from models.mailbox.connecting import must_own, record
from models.mailbox.mailbox import StoredEmails
from models.viewer import Actor, must_be_admin, must_be_in_person


async def disconnect(by: Actor, mailbox_id: UUID, stored_emails: StoredEmails = StoredEmails.KEEP) -> Done:
    """
    It is read no more, its password is gone, and what waits to be sent is cancelled. KEEP: its messages stay, and
    connected again, nothing is stored twice. FORGET: messages that no other mailbox holds go, with attachments, sources
    and Inbox+ entries; what was sent from here, and saved documents, stay. For OWNER and ADMIN in person, never by a
    token.

    Raises NOT_FOUND, NOT_ALLOWED.
    """
    async with store.transaction(by.firm_id) as tx:
        mailbox = await store.row(_MAILBOX, by.firm_id, mailbox_id)
        if mailbox is None:
            raise Refusal(ErrorCode.NOT_FOUND, "There is no such mailbox.", "id")
        must_own(by, mailbox["owner_id"])
        forgets = stored_emails is StoredEmails.FORGET
        if forgets:
            must_be_admin(by)
            must_be_in_person(by)
        await store.execute(_DISCONNECT, by.firm_id, mailbox_id, clock.now(), forgets, by.member_id)
        await submission.cancel_of_mailbox(by, mailbox_id)
        if mailbox["signed_in_at"] is not None:
            await our_own.left(by, mailbox["address_key"])
        changes = [journal.Change("address", mailbox["address"], None)]
        if forgets:
            changes.append(journal.Change("storedEmails", StoredEmails.KEEP, StoredEmails.FORGET))
        record(by, JournalKind.MAILBOX_DISCONNECTED, mailbox_id, changes)
    return Done((mailbox_id,), tx.cursor)


_MAILBOX = """
SELECT address, address_key, owner_id, signed_in_at FROM mailbox
WHERE firm_id = $1 AND id = $2 AND disconnected_at IS NULL FOR UPDATE
"""
# paused, so that nobody claims it; another version, so that who holds it writes nothing any more
_DISCONNECT = """
UPDATE mailbox SET disconnected_at = $3, forgets = $4, secret = '', access_token = NULL, state = 'PAUSED',
  version = version + 1, changed_by = $5, backfill_done = 0, backfill_total = 0, error_code = NULL,
  error_message = NULL, error_path = NULL
WHERE firm_id = $1 AND id = $2
"""
