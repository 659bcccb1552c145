"""What of a mailbox is to be sent now, by the holder of its lease, and whether it may begin to leave."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models import suppression
from models.address import compared
from models.email import MessageAttachment
from models.ground import store
from models.ground.checkpoint import checkpoint
from models.mailbox.lease import IS_TO_BE_SENT, MAY_SEND, Leased, check
from models.participant import Participant, Role


@dataclass(frozen=True, slots=True)
class Due:
    """
    `suppressed`: of the recipients, those that nothing is sent to any more (R17). `file`: its bytes, where they have
    been composed. `handed_over`: how often they have begun to leave.
    """

    firm_id: UUID
    id: UUID
    from_name: str
    from_address: str
    recipients: tuple[str, ...]
    suppressed: frozenset[str]
    message_id: str
    in_reply_to: str | None
    references: tuple[str, ...]
    written_at: datetime
    handed_over: int
    file: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """The words of an e-mail, and who they are for: To and Cc, never Bcc."""

    subject: str
    text: str
    people: tuple[Participant, ...]
    attachments: tuple[MessageAttachment, ...]


async def next_due(leased: Leased) -> Due | None:
    """The one that waits longest. None also while the door for sending is left alone, or the mailbox is not ours."""
    submission = await store.row(_NEXT, *leased.unchanged)
    if submission is None:
        return None
    recipients = {compared(recipient): recipient for recipient in submission["recipients"]}
    suppressed = await suppression.reasons(leased.firm_id, recipients)
    return _due(submission, frozenset(recipients[key] for key in suppressed))


_NEXT = f"""
SELECT s.* FROM submission s JOIN mailbox b ON b.firm_id = s.firm_id AND b.id = s.mailbox_id
WHERE s.firm_id = $1 AND s.mailbox_id = $2 AND {IS_TO_BE_SENT} AND {MAY_SEND}
  AND b.lease_token = $3 AND b.version = $4
ORDER BY s.due_at, s.id LIMIT 1
"""


def _due(submission: Any, suppressed: frozenset[str]) -> Due:
    return Due(
        firm_id=submission["firm_id"],
        id=submission["id"],
        from_name=submission["from_name"],
        from_address=submission["from_address"],
        recipients=tuple(submission["recipients"]),
        suppressed=suppressed,
        message_id=submission["message_id"],
        in_reply_to=submission["in_reply_to"],
        references=tuple(submission["refs"]),
        written_at=submission["created_at"],
        handed_over=submission["handed_over"],
        file=submission["file"],
    )


async def written(due: Due) -> Written:
    """What it says, as it is stored."""
    place = due.firm_id, due.id
    email = await store.row("SELECT subject, text FROM email WHERE firm_id = $1 AND id = $2", *place)
    assert email is not None, "a submission goes with its e-mail"
    people = await store.rows(_PEOPLE, *place)
    return Written(
        email["subject"],
        email["text"],
        tuple(Participant(Role(role), name, address) for role, name, address in people),
        tuple(MessageAttachment(*file) for file in await store.rows(_ATTACHMENTS, *place)),
    )


_PEOPLE = """
SELECT role, name, address FROM email_participant
WHERE firm_id = $1 AND email_id = $2 AND role IN ('TO', 'CC') ORDER BY place
"""
_ATTACHMENTS = """
SELECT name, content_type, content_id, size, file FROM attachment
WHERE firm_id = $1 AND email_id = $2 ORDER BY place
"""


async def composed(leased: Leased, due: Due, file: str, fingerprint: bytes) -> None:
    """
    Its bytes are kept in `file`, and leave as they are from now on; copies of it that come in are known by
    `fingerprint` (R21). Raises LeaseLost.
    """
    async with store.transaction(due.firm_id):
        await check(leased)
        await store.execute("UPDATE submission SET file = $3 WHERE firm_id = $1 AND id = $2", *_place(due), file)
        await store.execute(_COMPOSED, *_place(due), file, fingerprint)
    checkpoint("a submission was composed")


_COMPOSED = "UPDATE email SET raw_file = $3, fingerprint = $4 WHERE firm_id = $1 AND id = $2"


def _place(due: Due) -> tuple[UUID, UUID]:
    return due.firm_id, due.id


async def may_leave(leased: Leased, due: Due) -> bool:
    """
    Its bytes begin to leave: counted before they do, so that they never leave a third time (P2). False: it was
    cancelled, or is settled, meanwhile. Raises LeaseLost.
    """
    async with store.transaction(due.firm_id):
        await check(leased)
        return bool(await store.execute(_MAY_LEAVE, *_place(due), due.handed_over))


_MAY_LEAVE = """
UPDATE submission SET handed_over = handed_over + 1, attempts = attempts + 1
WHERE firm_id = $1 AND id = $2 AND settled_at IS NULL AND handed_over = $3 AND handed_over < 2
"""
