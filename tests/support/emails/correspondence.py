"""A firm with a mailbox and a client who writes to it, and what a colleague writes back."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from models import email, mailbox, submission, upload
from models.document.document import Document
from models.email import Incoming, Message, MessageAttachment, history
from models.errors import ErrorCode, Refusal, Refusals
from models.ground import clock, store
from models.mailbox import MailServer, NewMailbox
from models.participant import Participant, Role
from models.submission import AttachmentRef, NewEmail, Reply
from models.upload import NewUpload
from models.viewer import System, Viewer
from tests.support.firm.cast import ANNA, STUDIO
from tests.support.firm.factories import MadeAccount, a_firm, a_member, an_account
from tests.support.firm.one_of_everything import everything

SERVER = MailServer("mail.firm.test", 993)


@dataclass(frozen=True, slots=True)
class Office:
    """`box`: STUDIO, where ANNA's mail is asked for by `account`. `by` is a colleague."""

    firm: System
    by: Viewer
    box: UUID
    account: MadeAccount


async def an_office() -> Office:
    firm = await a_firm()
    by = await a_member(firm)
    account = await an_account(firm, address=ANNA, email_sync=True)
    return Office(firm, by, await a_box(by), account)


async def a_box(by: Viewer, address: str = STUDIO, *, owner_id: UUID | None = None, signed_in: bool = True) -> UUID:
    """Connected; once it has signed in, its address is the firm's own."""
    new = NewMailbox(address, "a secret", SERVER, SERVER, owner_id=owner_id)
    box = (await mailbox.connect(by, new)).ids[0]
    if signed_in:
        await store.execute("UPDATE mailbox SET signed_in_at = $2 WHERE id = $1", box, clock.now())
    return box


async def arrived(office: Office, **said: Any) -> UUID:
    """A message of Anna's, as `said` otherwise; its id."""
    message_id = f"{uuid7()}@client.test"
    message = Message(
        fingerprint=sha256(message_id.encode()).digest(),
        message_id=message_id,
        references=(),
        subject="VAT return",
        participants=people(),
        sent_at=clock.now(),
        received_at=clock.now(),
        automatic=False,
        text="Here it is.\nAnna",
        safe_html=None,
        blocked_images=0,
        snippet="Here it is.",
        words=("vat", "return"),
        attachments=(),
        raw_file="0" * 64,
        parser_version=1,
    )
    async with store.transaction():
        await history.lock(office.firm.firm_id)
        (received,) = await email.receive(office.firm, office.box, [Incoming(replace(message, **said), arrival=True)])
    assert received.email_id is not None
    return received.email_id


def people(
    sender: str = ANNA, to: Sequence[str] = (STUDIO,), cc: Sequence[str] = (), reply_to: Sequence[str] = ()
) -> tuple[Participant, ...]:
    named = ((Role.FROM, [sender]), (Role.TO, to), (Role.CC, cc), (Role.REPLY_TO, reply_to))
    return tuple(Participant(role, None, address) for role, addresses in named for address in addresses)


def an_email(box: UUID, **said: Any) -> NewEmail:
    return replace(NewEmail(box, (ANNA,), (), "The offer", "Here it is."), **said)


async def sent(office: Office, key: str = "", **said: Any) -> UUID:
    """Its id."""
    return (await submission.send(office.by, an_email(office.box, **said), key=key or str(uuid7()))).ids[0]


async def replied(office: Office, email_id: UUID, **said: Any) -> UUID:
    answer = replace(Reply(email_id, "Thank you."), **said)
    return (await submission.reply(office.by, answer, key=str(uuid7()))).ids[0]


async def refused(asking: Awaitable[object]) -> list[tuple[ErrorCode, tuple[str, ...]]]:
    """What is at fault, and where; nothing is changed by it."""
    before = await everything()
    try:
        await asking
    except (Refusal, Refusals) as error:
        assert await everything() == before
        several = error.refusals if isinstance(error, Refusals) else (error,)
        return [(one.code, one.path) for one in several]
    raise AssertionError("nothing was refused")


async def uploaded(
    by: Viewer, content: bytes = b"%PDF-1.4", *, name: str = "offer.pdf", kind: str = "application/pdf"
) -> UUID:
    return await upload.keep(by, NewUpload(name, kind, len(content)), BytesIO(content))


def an_upload(upload_id: UUID) -> AttachmentRef:
    return AttachmentRef(upload_id=upload_id)


def a_file(name: str, size: int = 8) -> MessageAttachment:
    return MessageAttachment(name, "application/pdf", None, size, sha256(name.encode()).hexdigest())


async def a_document(office: Office, attachment_id: UUID, email_id: UUID) -> UUID:
    document = await Document.create(
        id=uuid7(),
        firm_id=office.firm.firm_id,
        account_id=office.account.id,
        email_id=email_id,
        attachment_id=attachment_id,
        name="saved.pdf",
        came_as="theirs.pdf",
        content_type="application/pdf",
        size=9,
        file=a_file("saved.pdf").file,
        created_at=clock.now(),
    )
    return document.id


async def way_of(email_id: UUID) -> Any:
    """The row of its submission."""
    return await store.row("SELECT * FROM submission WHERE id = $1", email_id)


async def stored(email_id: UUID) -> Any:
    """Its own row."""
    return await store.row("SELECT * FROM email WHERE id = $1", email_id)


async def recipients_of(email_id: UUID) -> list[str]:
    return list((await way_of(email_id))["recipients"])
