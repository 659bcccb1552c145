"""The first step of a regular e-mail's way out: its row, beside that of the e-mail that it is."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from models.ground import clock, store
from models.ground.checkpoint import checkpoint
from models.viewer import Viewer


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """
    `id`: of the stored e-mail that it sends. `recipients`: addresses of the envelope, at least one, each once.
    `message_id`, `in_reply_to`, `references`: without angle brackets.
    """

    id: UUID
    mailbox_id: UUID
    member_id: UUID
    from_name: str
    from_address: str
    recipients: tuple[str, ...]
    message_id: str
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()


def not_composed(email_id: UUID) -> bytes:
    """The fingerprint of its e-mail until there are bytes to take one of: no message that arrives has it (R21)."""
    return hashlib.sha256(b"submission" + email_id.bytes).digest()


async def queue(by: Viewer, new: NewSubmission) -> None:
    """QUEUED, in the transaction that stores its e-mail. Whoever holds the mailbox's lease sends it then."""
    place, sender = (by.firm_id, new.id, new.mailbox_id), (new.member_id, new.from_name, new.from_address)
    ids = (new.in_reply_to, list(new.references), new.message_id)
    await store.execute(_QUEUE, *place, *sender, list(new.recipients), *ids, clock.now())
    checkpoint("a submission was written")


_QUEUE = """
INSERT INTO submission (firm_id, id, mailbox_id, member_id, from_name, from_address, recipients, in_reply_to, refs,
  message_id, created_at, state, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'QUEUED', now())
"""
