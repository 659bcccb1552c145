"""The rows of messages, many at once: each table is one statement."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from models import address
from models.email.email import EmailDirection
from models.email.message import Message
from models.email.threads import MOST_REFERENCES
from models.ground import clock, store
from models.participant import Participant, Role


@dataclass(frozen=True, slots=True)
class NewEmail:
    id: UUID
    thread_id: UUID
    direction: EmailDirection
    message: Message
    sorted_at: datetime


async def known(firm_id: UUID, fingerprints: Sequence[bytes]) -> dict[bytes, UUID]:
    """Ids of the e-mails that the firm has, by fingerprint."""
    query = "SELECT fingerprint, id FROM email WHERE firm_id = $1 AND fingerprint = ANY($2::bytea[])"
    return {email["fingerprint"]: email["id"] for email in await store.rows(query, firm_id, list(fingerprints))}


async def insert(firm_id: UUID, mailbox_id: UUID, emails: Sequence[NewEmail]) -> None:
    """One statement for them, and one for their attachments."""
    if not emails:
        return
    messages = [email.message for email in emails]
    senders = [message.first(Role.FROM, Role.SENDER) for message in messages]
    await store.execute(
        _EMAILS,
        firm_id,
        mailbox_id,
        clock.now(),
        [email.id for email in emails],
        [message.fingerprint for message in messages],
        [message.message_id for message in messages],
        [email.thread_id for email in emails],
        [email.direction for email in emails],
        [message.subject for message in messages],
        [sender.name for sender in senders],
        [sender.address for sender in senders],
        [message.dated() for message in messages],
        [message.received_at for message in messages],
        [email.sorted_at for email in emails],
        [message.snippet for message in messages],
        [message.text for message in messages],
        [message.safe_html for message in messages],
        [message.blocked_images for message in messages],
        [message.automatic for message in messages],
        [message.raw_file for message in messages],
        [message.parser_version for message in messages],
        [" ".join(message.words) for message in messages],
        [message.certified_by for message in messages],
        [" ".join(message.references[-MOST_REFERENCES:]) for message in messages],
    )
    await _insert_attachments(firm_id, emails)


_EMAILS = """
INSERT INTO email (firm_id, mailbox_id, stored_at, id, fingerprint, message_id, thread_id, direction, subject,
  from_name, from_address, sent_at, received_at, sorted_at, snippet, text, safe_html, blocked_images, automatic,
  raw_file, parser_version, words, certified_by, refs)
SELECT $1, $2, $3, n.id, n.fingerprint, n.message_id, n.thread_id, n.direction, n.subject, n.from_name, n.from_address,
  n.sent_at, n.received_at, n.sorted_at, n.snippet, n.text, n.safe_html, n.blocked_images, n.automatic, n.raw_file,
  n.parser_version, string_to_array(n.words, ' '), n.certified_by, string_to_array(n.refs, ' ')
FROM unnest($4::uuid[], $5::bytea[], $6::text[], $7::uuid[], $8::text[], $9::text[], $10::text[], $11::text[],
  $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::text[], $16::text[], $17::text[], $18::int[],
  $19::bool[], $20::text[], $21::int[], $22::text[], $23::text[], $24::text[]) AS n(id, fingerprint, message_id,
  thread_id, direction, subject, from_name, from_address, sent_at, received_at, sorted_at, snippet, text, safe_html,
  blocked_images, automatic, raw_file, parser_version, words, certified_by, refs)
"""


async def _insert_attachments(firm_id: UUID, emails: Sequence[NewEmail]) -> None:
    files = [
        (email.id, place, file) for email in emails for place, file in enumerate(email.message.attachments, start=1)
    ]
    if not files:
        return
    await store.execute(
        _ATTACHMENTS,
        firm_id,
        [uuid7() for _ in files],
        [email_id for email_id, _, _ in files],
        [place for _, place, _ in files],
        [file.name for _, _, file in files],
        [file.content_type for _, _, file in files],
        [file.content_id for _, _, file in files],
        [file.size for _, _, file in files],
        [file.file for _, _, file in files],
        [file.unfit for _, _, file in files],
    )


_ATTACHMENTS = """
INSERT INTO attachment (firm_id, id, email_id, place, name, content_type, content_id, size, file, unfit)
SELECT $1, f.* FROM unnest($2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[], $8::bigint[],
  $9::text[], $10::text[]) AS f(id, email_id, place, name, content_type, content_id, size, file, unfit)
"""


async def add_participants(firm_id: UUID, messages: Sequence[tuple[UUID, Message]], *, new: Collection[UUID]) -> None:
    """
    Adds the participants that an e-mail does not have yet (`_same`): another copy of a message adds only whom the first
    one lacked. For `new` e-mails, which have none, nothing is looked up.
    """
    people = {
        _same(email_id, place, person): (place, person)
        for email_id, message in reversed(messages)  # whoever comes first in a message, and in its first copy, counts
        for place, person in reversed(list(enumerate(message.participants, start=1)))
    }
    if not people:
        return
    await store.execute(
        _PARTICIPANTS,
        firm_id,
        [email_id for email_id, _, _, _ in people],
        [place for place, _ in people.values()],
        [role for _, role, _, _ in people],
        [person.name for _, person in people.values()],
        [person.address for _, person in people.values()],
        [key for _, _, key, _ in people],
        [email_id in new for email_id, _, _, _ in people],
    )


def _same(email_id: UUID, place: int, person: Participant) -> tuple[UUID, Role, str, int]:
    """By what a participant of an e-mail is known: header and address, or place where no address can be read."""
    key = address.compared(person.address) if person.address else ""
    return email_id, person.role, key, 0 if person.address else place


_PARTICIPANTS = """
INSERT INTO email_participant (id, firm_id, email_id, place, role, name, address, key)
SELECT gen_random_uuid(), $1, p.email_id, p.place, p.role, p.name, p.address, p.key
FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[])
  AS p(email_id, place, role, name, address, key, new)
WHERE p.new OR NOT EXISTS (
  SELECT 1 FROM email_participant known WHERE known.firm_id = $1 AND known.email_id = p.email_id
    AND known.role = p.role AND known.key = p.key AND (p.key <> '' OR known.place = p.place) OFFSET 0)
"""
