"""Storing a message: once per firm, in its thread, linked to the accounts that ask for it, told to the team."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from models import address, clock, journal, notification, store
from models.email.message import Message
from models.email.tables import EmailDirection, Role
from models.email.threads import thread_of
from models.journal import JournalKind, Subject
from models.notification import NotificationKind
from models.viewer import System


@dataclass(frozen=True, slots=True)
class Received:
    """`email_id` None: nobody asks for it any more. `accounts`: those that it was newly linked to."""

    email_id: UUID | None
    new: bool
    accounts: tuple[UUID, ...]


async def receive(by: System, mailbox_id: UUID, message: Message, *, arrival: bool) -> Received:
    """
    Inside a transaction, under `history.lock`. An arrival is told by itself; history is told by the batch, by whoever
    calls. The same message again changes nothing but its links.
    """
    asking = await store.rows(_ASKING, by.firm_id, _keys(message))
    if not asking:
        return Received(None, False, ())
    email_id, new = await _store(by, mailbox_id, message)
    linked = await store.rows(
        _LINK, by.firm_id, email_id, _sent_at(message), sorted({row["account_id"] for row in asking})
    )
    accounts = tuple(row["account_id"] for row in linked)
    if arrival and new:
        await _tell(by, email_id, message, asking)
    return Received(email_id, new, accounts)


def _keys(message: Message) -> list[str]:
    return sorted({address.compared(one.address) for one in message.participants if one.address})


_ASKING = """
SELECT t.account_id, e.key FROM toggles t
JOIN account a ON a.firm_id = t.firm_id AND a.id = t.account_id AND a.archived_at IS NULL
JOIN email_address e ON e.firm_id = t.firm_id AND e.id = t.address_id
WHERE t.firm_id = $1 AND t.email_sync AND e.key = ANY($2::text[])
"""
_LINK = """
INSERT INTO email_account (id, firm_id, email_id, account_id, sent_at)
SELECT gen_random_uuid(), $1, $2, account_id, $3 FROM unnest($4::uuid[]) AS asking(account_id)
ON CONFLICT (firm_id, account_id, email_id) DO NOTHING RETURNING account_id
"""


def _sent_at(message: Message) -> Any:
    return message.sent_at or message.received_at


async def _store(by: System, mailbox_id: UUID, message: Message) -> tuple[UUID, bool]:
    known = await store.value(
        "SELECT id FROM email WHERE firm_id = $1 AND fingerprint = $2", by.firm_id, message.fingerprint
    )
    if known is not None:
        await _store_participants(by, known, message)  # the copy in Sent has the Bcc that the others lack
        return known, False
    email_id = uuid7()
    sender = message.first(Role.FROM, Role.SENDER)
    await store.execute(
        _INSERT,
        email_id,
        by.firm_id,
        message.fingerprint,
        message.message_id,
        await thread_of(by.firm_id, message.message_id, message.references),
        mailbox_id,
        await _direction(by, sender.address),
        message.subject,
        sender.name,
        sender.address,
        _sent_at(message),
        message.received_at,
        message.snippet,
        message.text,
        message.safe_html,
        message.blocked_images,
        message.automatic,
        message.raw_file,
        message.parser_version,
        list(message.words),
        clock.now(),
    )
    await _store_parts(by, email_id, message)
    return email_id, True


_INSERT = """
INSERT INTO email (id, firm_id, fingerprint, message_id, thread_id, mailbox_id, direction, subject, from_name,
  from_address, sent_at, received_at, snippet, text, safe_html, blocked_images, automatic, raw_file, parser_version,
  words, stored_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
"""


async def _direction(by: System, sender: str) -> EmailDirection:
    """OUTGOING: from a mailbox or a colleague of the firm."""
    query = f"SELECT {address.IS_OUR_OWN} FROM (SELECT $1::uuid AS firm_id, $2::text AS key) e"
    ours = await store.value(query, by.firm_id, address.compared(sender))
    return EmailDirection.OUTGOING if ours else EmailDirection.INCOMING


async def _store_parts(by: System, email_id: UUID, message: Message) -> None:
    await _store_participants(by, email_id, message)
    files = message.attachments
    if files:
        await store.execute(
            _ATTACHMENTS,
            by.firm_id,
            email_id,
            [uuid7() for _ in files],
            [one.name for one in files],
            [one.content_type for one in files],
            [one.content_id for one in files],
            [one.size for one in files],
            [one.file for one in files],
        )


async def _store_participants(by: System, email_id: UUID, message: Message) -> None:
    people = message.participants
    await store.execute(
        _PARTICIPANTS,
        by.firm_id,
        email_id,
        [one.role for one in people],
        [one.name for one in people],
        [one.address for one in people],
        [address.compared(one.address) if one.address else "" for one in people],
    )


_PARTICIPANTS = """
INSERT INTO email_participant (id, firm_id, email_id, place, role, name, address, key)
SELECT gen_random_uuid(), $1, $2, place, role, name, address, key
FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) WITH ORDINALITY AS p(role, name, address, key, place)
WHERE NOT EXISTS (SELECT 1 FROM email_participant known WHERE known.firm_id = $1 AND known.email_id = $2
                  AND known.role = p.role AND known.key = p.key AND (p.key <> '' OR known.place = p.place))
"""
_ATTACHMENTS = """
INSERT INTO attachment (firm_id, email_id, id, name, content_type, content_id, size, file, place)
SELECT $1, $2, f.* FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[])
WITH ORDINALITY AS f(id, name, content_type, content_id, size, file, place)
"""


async def _tell(by: System, email_id: UUID, message: Message, asking: Any) -> None:
    journal.record(
        JournalKind.EMAIL_STORED,
        by=by,
        subject=(Subject.EMAIL, email_id),
        accounts=[row["account_id"] for row in asking],
        changes=[journal.Change("subject", None, message.subject[:200])],
    )
    senders = [one for one in message.participants if one.role in {Role.FROM, Role.SENDER} and one.address]
    asked_for = {row["key"] for row in asking}
    if sender := next((one for one in senders if address.compared(one.address) in asked_for), None):
        thread = await store.value("SELECT thread_id FROM email WHERE firm_id = $1 AND id = $2", by.firm_id, email_id)
        text = f"{sender.name or sender.address}: {message.subject or '(no subject)'}"
        await notification.raise_for_team(
            by, NotificationKind.EMAIL_RECEIVED, about=thread, subject_id=email_id, text=text
        )
