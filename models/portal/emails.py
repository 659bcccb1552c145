"""
A client's e-mails (R19): of the account in use, while Login and Email sync are on there for its address, and only those
that this address took part in. Bcc is never shown, nor what was written here and has not left.
"""

from collections.abc import Sequence
from uuid import UUID

from models import email
from models.email import AttachmentView, EmailBody, EmailView
from models.ground import store
from models.ground.page import Page, Window
from models.journal import Entry, JournalKind
from models.participant import Participant, Role
from models.portal import accounts
from models.submission.leaving import may_be_there
from models.toggles.switches import Switch
from models.viewer import Client, System


async def page(by: Client, window: Window) -> Page[EmailView]:
    """Newest first."""
    return await email.linked_page(SEEN, about(by), window)


async def count(by: Client) -> int:
    emails: int = await store.value(f"SELECT count(*) FROM email_account l WHERE {SEEN}", *about(by))
    return emails


async def by_ids(by: Client, ids: Sequence[UUID]) -> dict[UUID, EmailView]:
    return await email.by_ids(System(by.firm_id), await _seen(by, ids))


async def moved_by(by: Client, entry: Entry) -> bool:
    """Whether an entry changes the list: history came, or Email sync was switched for the client's address."""
    if entry.kind != JournalKind.TOGGLES_CHANGED:
        return (await accounts.of(by)).shows_emails
    switched = any(change.field == Switch.EMAIL_SYNC.api_name for change in entry.changes)
    return switched and bool(await store.value(_ITS_OWN, *about(by), list(entry.touched)))


_ITS_OWN = """
SELECT EXISTS (
  SELECT 1 FROM toggles WHERE firm_id = $1 AND account_id = $2 AND address_id = $3 AND id = ANY($4::uuid[]))
"""


async def bodies(by: Client, ids: Sequence[UUID]) -> dict[UUID, EmailBody]:
    return await email.bodies(System(by.firm_id), await _seen(by, ids))


async def participants_of(by: Client, ids: Sequence[UUID]) -> dict[UUID, list[Participant]]:
    participants = await email.participants_of(System(by.firm_id), await _seen(by, ids))
    return {key: [person for person in people if person.role is not Role.BCC] for key, people in participants.items()}


async def attachments_of(by: Client, ids: Sequence[UUID]) -> dict[UUID, list[AttachmentView]]:
    return await email.attachments_of(System(by.firm_id), await _seen(by, ids))


async def attachments_by_ids(by: Client, ids: Sequence[UUID]) -> dict[UUID, AttachmentView]:
    attachments = await email.attachments_by_ids(System(by.firm_id), ids)
    visible = set(await _seen(by, [view.email_id for view in attachments.values()]))
    return {key: view for key, view in attachments.items() if view.email_id in visible}


async def _seen(by: Client, ids: Sequence[UUID]) -> list[UUID]:
    """The ids of those that the client may see now."""
    query = f"SELECT l.email_id FROM email_account l WHERE {SEEN} AND l.email_id = ANY($4::uuid[])"
    return [link["email_id"] for link in await store.rows(query, *about(by), list(ids))]


def about(by: Client) -> list[object]:
    return [by.firm_id, by.account_id, by.address_id]


SEEN = f"""l.firm_id = $1 AND l.account_id = $2
  AND EXISTS (
    SELECT 1 FROM toggles t JOIN account a ON a.firm_id = t.firm_id AND a.id = t.account_id
    WHERE t.firm_id = $1 AND t.account_id = $2 AND t.address_id = $3 AND t.login AND t.email_sync
      AND a.archived_at IS NULL)
  AND EXISTS (
    SELECT 1 FROM email_participant p JOIN email_address e ON e.firm_id = {store.FIRM} AND e.key = p.key
    WHERE p.firm_id = {store.FIRM} AND p.email_id = l.email_id AND e.id = $3)
  AND {may_be_there("l.email_id")}"""
