"""A colleague writes a regular e-mail, or answers one: it is stored, shown at once, and QUEUED to leave (R45)."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from uuid import UUID

from uuid_utils.compat import uuid7

from models import email, idempotency, journal, text
from models.email import EmailDirection, Message, MessageAttachment, history
from models.email_words import email_words
from models.errors import ErrorCode, Faults, Refusal
from models.ground import clock
from models.idempotency import Done
from models.journal import JournalKind, Subject
from models.participant import Participant, Role
from models.submission.attaching import AttachmentRef, attached
from models.submission.mailbox import Sending, must_have_room, sending_from
from models.submission.original import Original, original_of, ours_in
from models.submission.queueing import NewSubmission, not_composed, queue
from models.submission.quoting import introduced, with_quote
from models.submission.recipients import Recipient, ReplyRecipients, answered, typed
from models.submission.references import references_of_answer
from models.submission.subject import LONGEST_SUBJECT, subject_of_answer
from models.submission.suppressed import must_be_open
from models.viewer import Viewer

LONGEST_TEXT = 500_000  # characters; a request has 1 MB
LONGEST_SNIPPET = 200  # characters
T = TypeVar("T")
LARGE = 64 * 1024  # characters that take longer to look through than the way to a thread and back
MANY = 100  # participants that do: a stranger's message may name 2,000


@dataclass(frozen=True, slots=True)
class NewEmail:
    """`to` and `cc` as they were typed; `text` is plain."""

    mailbox_id: UUID
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    text: str
    attachments: tuple[AttachmentRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """`mailbox_id` None: the one that the message came to. `text` is plain, and stands above what it quotes."""

    email_id: UUID
    text: str
    recipients: ReplyRecipients = ReplyRecipients.SENDER
    mailbox_id: UUID | None = None
    attachments: tuple[AttachmentRef, ...] = ()


async def send(by: Viewer, new: NewEmail, *, key: str) -> Done:
    """
    Answers the e-mail's id. For any colleague, from any connected mailbox of the firm, whatever the switches say. The
    same key and input answer the same e-mail again, and nothing more is sent.

    Raises, for all that is at fault at once: ADDRESS_INVALID, ADDRESS_SUPPRESSED, INVALID, NOT_FOUND, NOT_ALLOWED; then
    RATE_LIMITED; IDEMPOTENCY_KEY_REUSED.
    """
    return await idempotency.once(by, key, verb="send email", wish=new, do=partial(_send, by, new))


async def reply(by: Viewer, answer: Reply, *, key: str) -> Done:
    """
    As `send`: to who wrote the message, or to all; in its thread, and it quotes it. Raises INVALID, too, where nobody
    but us is left to answer, or where the mailbox that it came to is disconnected and no other is named.
    """
    return await idempotency.once(by, key, verb="reply to email", wish=answer, do=partial(_reply, by, answer))


@dataclass(frozen=True, slots=True)
class _Letter:
    """All that it says, and nothing of who says it."""

    subject: str
    text: str
    recipients: Sequence[Recipient]
    attachments: Sequence[MessageAttachment]
    thread_id: UUID | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()


async def _send(by: Viewer, new: NewEmail) -> tuple[UUID, ...]:
    faults, subject = Faults(), ""
    with faults:
        subject = text.one_line(new.subject, "subject", noun="The subject", longest=LONGEST_SUBJECT)
    body = await _clean(new.text, faults)
    recipients = typed(new.to, new.cc, faults)
    await history.lock(by.firm_id)
    sending = await _sending(by, new.mailbox_id, faults)
    files = await _sound(by, recipients, new.attachments, faults)
    assert sending is not None, "or it was refused"
    return await _write(by, sending, _Letter(subject, body, recipients, files))


async def _reply(by: Viewer, answer: Reply) -> tuple[UUID, ...]:
    faults = Faults()
    body = await _clean(answer.text, faults)
    await history.lock(by.firm_id)
    original = await original_of(by, answer.email_id)
    sending = await _sending(by, answer.mailbox_id or original.mailbox_id, faults)
    recipients: Sequence[Recipient] = ()
    ours = await ours_in(by, original, sending.key if sending else "")
    with faults:
        outgoing = original.direction is EmailDirection.OUTGOING
        look = partial(answered, original.people, answer.recipients, ours=ours, outgoing=outgoing)
        recipients = await _apart(look, much=len(original.people) > MANY)
    files = await _sound(by, recipients, answer.attachments, faults)
    assert sending is not None, "or it was refused"
    return await _write(by, sending, await _answer(sending, original, body, recipients, files))


async def _clean(body: str, faults: Faults) -> str:
    with faults:
        look = partial(text.some_lines, body, "text", noun="The text", longest=LONGEST_TEXT)
        return await _apart(look, much=len(body) > LARGE)
    return ""


async def _apart(work: Callable[[], T], *, much: bool) -> T:
    """Off the loop, where there is much to look through."""
    return await asyncio.to_thread(work) if much else work()


async def _sending(by: Viewer, mailbox_id: UUID | None, faults: Faults) -> Sending | None:
    with faults:
        if mailbox_id is None:
            words = "The mailbox that it came to is not connected any more. Say which one the answer leaves from."
            raise Refusal(ErrorCode.INVALID, words, "mailboxId")
        return await sending_from(by, mailbox_id)
    return None


async def _sound(
    by: Viewer, recipients: Sequence[Recipient], refs: Sequence[AttachmentRef], faults: Faults
) -> tuple[MessageAttachment, ...]:
    """The files; raises all that is at fault until now."""
    files: tuple[MessageAttachment, ...] = ()
    with faults:
        files = await attached(by, refs)
    await must_be_open(by, recipients, faults)
    faults.must_be_none()
    return files


async def _answer(
    sending: Sending,
    original: Original,
    body: str,
    recipients: Sequence[Recipient],
    files: Sequence[MessageAttachment],
) -> _Letter:
    line = introduced(original.sender, original.sent_at, language=sending.language, time_zone=sending.time_zone)
    references = references_of_answer(original.references, original.message_id)
    return _Letter(
        subject=subject_of_answer(original.subject),
        text=await _apart(partial(with_quote, body, original.text, line), much=len(original.text) > LARGE),
        recipients=recipients,
        attachments=files,
        thread_id=original.thread_id,
        in_reply_to=original.message_id if original.message_id in references else None,
        references=references,
    )


async def _write(by: Viewer, sending: Sending, letter: _Letter) -> tuple[UUID, ...]:
    await must_have_room(by, sending)
    email_id = uuid7()
    message = await _apart(partial(_message, sending, email_id, letter), much=len(letter.text) > LARGE)
    accounts = await email.write(by, sending.mailbox_id, email_id, message, thread_id=letter.thread_id)
    await queue(by, _submission(by, sending, letter, message, email_id))
    changes = journal.changes_between({}, {"subject": letter.subject[:200], "mailbox": sending.address})
    journal.record(JournalKind.EMAIL_SENT, by=by, subject=(Subject.EMAIL, email_id), accounts=accounts, changes=changes)
    return (email_id,)


def _message(sending: Sending, email_id: UUID, letter: _Letter) -> Message:
    """As it is shown until it is composed; from then on it is what anybody would read in its bytes."""
    now = clock.now()
    sender = Participant(Role.FROM, sending.writer, sending.address)
    people = (sender, *(recipient.participant for recipient in letter.recipients))
    return Message(
        fingerprint=not_composed(email_id),
        message_id=f"{email_id}@{sending.domain}",
        references=letter.references,
        subject=letter.subject,
        participants=people,
        sent_at=now,
        received_at=now,
        automatic=False,
        text=letter.text,
        safe_html=None,
        blocked_images=0,
        snippet=_snippet(letter.text),
        words=tuple(email_words(letter.subject, people, letter.text)),
        attachments=tuple(letter.attachments),
        raw_file="",
        parser_version=0,
    )


def _snippet(words: str) -> str:
    line = " ".join(words[: LONGEST_SNIPPET * 10].split())
    return line if len(line) <= LONGEST_SNIPPET else line[: LONGEST_SNIPPET - 1].rstrip() + "…"


def _submission(by: Viewer, sending: Sending, letter: _Letter, message: Message, email_id: UUID) -> NewSubmission:
    assert message.message_id, "it is our own"
    return NewSubmission(
        id=email_id,
        mailbox_id=sending.mailbox_id,
        member_id=by.member_id,
        from_name=sending.writer,
        from_address=sending.address,
        recipients=tuple(recipient.address.text for recipient in letter.recipients),
        message_id=message.message_id,
        in_reply_to=letter.in_reply_to,
        references=letter.references,
    )
