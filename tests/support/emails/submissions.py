"""Regular e-mails that a colleague has written here, as they lie in the database before they leave."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from uuid_utils.compat import uuid7

from models import stored_file, submission
from models.email import EmailDirection, Message, MessageAttachment, history, inserting
from models.ground import clock, store
from models.mailbox.lease import Leased
from models.participant import Participant, Role
from models.submission import NewSubmission
from models.submission.due import Due, next_due
from models.viewer import Viewer
from tests.support.firm.cast import MARTA, STUDIO

PDF = b"%PDF-1.4 an offer"


async def written(
    by: Viewer,
    mailbox_id: UUID,
    *,
    to: Sequence[str] = (MARTA,),
    copies: Sequence[str] = (),
    subject: str = "The offer",
    text: str = "Here it is.",
    name: str = "Anna Bianchi",
    address: str = STUDIO,
    attachments: Sequence[MessageAttachment] = (),
    in_reply_to: str | None = None,
    references: Sequence[str] = (),
) -> UUID:
    """Its id. Stored, and QUEUED to leave."""
    email_id = uuid7()
    message_id = f"{email_id}@{address.rpartition('@')[2]}"
    people = [
        Participant(Role.FROM, name, address),
        *(Participant(Role.TO, None, each) for each in to),
        *(Participant(Role.CC, None, each) for each in copies),
    ]
    message = _message(email_id, message_id, subject, text, people, attachments)
    new = inserting.NewEmail(email_id, uuid7(), EmailDirection.OUTGOING, message, message.received_at)
    async with store.transaction(by.firm_id):
        await history.lock(by.firm_id)
        await inserting.insert(by.firm_id, mailbox_id, [new])
        await inserting.add_participants(by.firm_id, [(email_id, message)], new=[email_id])
        await submission.queue(
            by,
            NewSubmission(
                *(email_id, mailbox_id, by.member_id, name, address, tuple(dict.fromkeys([*to, *copies]))),
                message_id=message_id,
                in_reply_to=in_reply_to,
                references=tuple(references),
            ),
        )
    return email_id


def _message(
    email_id: UUID,
    message_id: str,
    subject: str,
    text: str,
    people: Sequence[Participant],
    attachments: Sequence[MessageAttachment],
) -> Message:
    return Message(
        fingerprint=submission.not_composed(email_id),
        message_id=message_id,
        references=(),
        subject=subject,
        participants=tuple(people),
        sent_at=clock.now(),
        received_at=clock.now(),
        automatic=False,
        text=text,
        safe_html=None,
        blocked_images=0,
        snippet=text[:300],
        words=("offer",),
        attachments=tuple(attachments),
        raw_file="",
        parser_version=0,
    )


async def a_file(
    by: Viewer, content: bytes = PDF, *, name: str = "offer.pdf", content_type: str = "application/pdf"
) -> MessageAttachment:
    """Kept, to be attached."""
    (file,) = await stored_file.keep(by.firm_id, [content])
    return MessageAttachment(name, content_type, None, len(content), file)


async def composed(by: Viewer, email_id: UUID) -> str:
    """As if it had been: its bytes are a file; the file's name."""
    (file,) = await stored_file.keep(by.firm_id, [f"Message {uuid4()}".encode()])
    await store.execute("UPDATE submission SET file = $2 WHERE id = $1", email_id, file)
    return file


async def way_of(email_id: UUID) -> Any:
    """The row of the submission."""
    return await store.row("SELECT * FROM submission WHERE id = $1", email_id)


async def state_of(email_id: UUID) -> str:
    return str((await way_of(email_id))["state"])


async def due_of(leased: Leased) -> Due:
    due = await next_due(leased)
    assert due
    return due
