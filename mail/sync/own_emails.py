"""What a person sent from here, met where it lies among the mailbox's own sent mail (R21)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from mail.imap import Header
from mail.own_email import own_email
from mail.parse import ParsedHeaders
from mail.sync.reading import storable_id
from models import our_own
from models.address import compared
from models.mailbox.folders import LedgerFolder
from models.mailbox.ledger import Found
from models.mailbox.mailbox import FolderKind
from models.participant import Role
from models.submission.meeting import Met

Read = tuple[Header, ParsedHeaders]


async def with_own_emails(
    firm_id: UUID, folder: LedgerFolder, listed: Sequence[Found], read: Mapping[int, Read]
) -> list[Found]:
    """
    All that was listed; of those that say with our signature which e-mail they are, lie among what was sent, and come
    from an address of ours, the ledger knows that, too. Whoever was written to has that signature, and may put it
    anywhere else.
    """
    email_ids = {uid: email_id for uid, pair in read.items() if (email_id := _email_id(folder, *pair))}
    senders = {uid: _sender(*read[uid]) for uid in email_ids}
    ours = await our_own.ours_then(firm_id, senders.values()) if email_ids else set()
    met = {uid: _met(email_id, read[uid][1]) for uid, email_id in email_ids.items() if senders[uid] in ours}
    return [replace(header, met=met.get(header.uid)) if header.skip is None else header for header in listed]


def _email_id(folder: LedgerFolder, header: Header, parsed: ParsedHeaders) -> UUID | None:
    """At Gmail whatever this mailbox has sent lies in All Mail, under a label that nobody else can give."""
    is_sent = folder.kind is FolderKind.SENT or (folder.kind is FolderKind.ALL and header.sent)
    return own_email(parsed.email_id) if is_sent and not header.draft else None


def _sender(header: Header, parsed: ParsedHeaders) -> tuple[str, datetime]:
    sender = next((person.address for person in parsed.participants if person.role is Role.FROM), "")
    return compared(sender) if sender else "", header.received_at


def _met(email_id: UUID, parsed: ParsedHeaders) -> Met:
    names = [storable_id(name) for name in (parsed.message_id, parsed.first_id)]
    return Met(email_id, tuple(name for name in names if name), parsed.sent_at)
