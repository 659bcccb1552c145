"""The message that is answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models import email, our_own
from models.address import compared
from models.email import EmailDirection
from models.errors import ErrorCode, Refusal
from models.ground import store
from models.participant import Participant, Role
from models.submission.quoting import MOST_QUOTED
from models.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Original:
    """`mailbox_id`: that it came to, or was sent from; None: it is disconnected. `text`: no more than is quoted."""

    thread_id: UUID
    mailbox_id: UUID | None
    direction: EmailDirection
    subject: str
    sender: Participant
    sent_at: datetime
    received_at: datetime
    text: str
    message_id: str | None
    references: tuple[str, ...]
    people: tuple[Participant, ...]


async def original_of(by: Viewer, email_id: UUID) -> Original:
    """Under `history.lock`, so that its thread is that still. Raises NOT_FOUND."""
    stored = await store.row(_ORIGINAL, by.firm_id, email_id, MOST_QUOTED)
    if stored is None:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such e-mail.", "emailId")
    people = (await email.participants_of(by, [email_id])).get(email_id, [])
    return _original(stored, people)


def _original(stored: Any, people: Sequence[Participant]) -> Original:
    return Original(
        thread_id=stored["thread_id"],
        mailbox_id=stored["mailbox_id"],
        direction=EmailDirection(stored["direction"]),
        subject=stored["subject"],
        sender=Participant(Role.FROM, stored["from_name"], stored["from_address"]),
        sent_at=stored["sent_at"],
        received_at=stored["received_at"],
        text=stored["text"],
        message_id=stored["message_id"],
        references=tuple(stored["refs"]),
        people=tuple(people),
    )


_ORIGINAL = """
SELECT m.thread_id, b.id AS mailbox_id, m.direction, m.subject, m.from_name, m.from_address, m.sent_at, m.received_at,
  left(m.text, $3) AS text, m.message_id, m.refs
FROM email m
LEFT JOIN mailbox b ON b.firm_id = m.firm_id AND b.id = m.mailbox_id AND b.disconnected_at IS NULL
WHERE m.firm_id = $1 AND m.id = $2
"""


async def ours_in(by: Viewer, original: Original, mailbox_key: str) -> set[str]:
    """
    The addresses in it that are the firm's, or were when it came; and that of the mailbox which answers, however it is
    detailed behind a plus. As they are compared.
    """
    keys = {compared(person.address) for person in original.people if person.address}
    ours = await our_own.ours_then(by.firm_id, {(key, original.received_at) for key in keys})
    return {key for key, _ in ours} | {key for key in keys if mailbox_key in (key, our_own.without_detail(key))}
