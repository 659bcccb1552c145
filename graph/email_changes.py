"""Writing e-mail: a new one, or an answer (R45)."""

import strawberry

from graph.context import Info, viewer_of
from graph.email import Email, email_of
from graph.errors import Payload, cursor_of, refusable
from graph.ids import Kind, key_of
from graph.inputs import asked_id, optional
from models import submission
from models.idempotency import Done
from models.submission import AttachmentRef, NewEmail, Reply, ReplyRecipients

strawberry.enum(
    ReplyRecipients,
    description="SENDER: by Reply-To, else From; of a message of the firm's, whom it went to. ALL: To and Cc, too."
    " Never the firm's own addresses.",
)


@strawberry.input(one_of=True, description="25 MB in all. `uploadId` is from POST /uploads.")
class EmailAttachmentInput:
    upload_id: strawberry.ID | None = strawberry.UNSET
    document_id: strawberry.ID | None = strawberry.UNSET
    attachment_id: strawberry.ID | None = strawberry.UNSET

    def asked(self) -> AttachmentRef:
        return AttachmentRef(
            asked_id(Kind.UPLOAD, self.upload_id),
            asked_id(Kind.DOCUMENT, self.document_id),
            asked_id(Kind.ATTACHMENT, self.attachment_id),
        )


@strawberry.input
class SendEmailInput:
    mailbox_id: strawberry.ID
    to: list[str] = strawberry.field(
        description="Each as `a@b.example` or `Name <a@b.example>`; so too `cc`. At most 100 together."
    )
    cc: list[str] = strawberry.field(default_factory=list)
    subject: str = strawberry.field(description="One line, at most 1,000 characters.")
    text: str = strawberry.field(description="Plain, at most 500,000 characters; so too on replying.")
    attachments: list[EmailAttachmentInput] = strawberry.field(default_factory=list)
    idempotency_key: str

    def asked(self) -> NewEmail:
        mailbox_id, files = key_of(Kind.MAILBOX, self.mailbox_id), _files(self.attachments)
        return NewEmail(mailbox_id, tuple(self.to), tuple(self.cc), self.subject, self.text, files)


@strawberry.input
class ReplyToEmailInput:
    email_id: strawberry.ID
    recipients: ReplyRecipients = ReplyRecipients.SENDER
    mailbox_id: strawberry.ID | None = optional("The one it came to if absent.")
    text: str
    attachments: list[EmailAttachmentInput] = strawberry.field(default_factory=list)
    idempotency_key: str

    def asked(self) -> Reply:
        mailbox_id, files = asked_id(Kind.MAILBOX, self.mailbox_id), _files(self.attachments)
        return Reply(key_of(Kind.EMAIL, self.email_id), self.text, self.recipients, mailbox_id, files)


def _files(attachments: list[EmailAttachmentInput]) -> tuple[AttachmentRef, ...]:
    return tuple(attachment.asked() for attachment in attachments)


@strawberry.type
class SendEmailPayload(Payload):
    email: Email | None = None


@strawberry.type
class ReplyToEmailPayload(Payload):
    email: Email | None = None


@strawberry.type
class EmailMutation:
    @strawberry.mutation(
        description="From any connected mailbox, a colleague's too, under the writer's name, whatever the switches say"
        " (R45); ADDRESS_SUPPRESSED for those that bounced. QUEUED at once; its `letterState` says how it goes on. So"
        " many an hour of a mailbox, then RATE_LIMITED. A token without READ attaches uploads alone."
    )
    @refusable(SendEmailPayload)
    async def send_email(self, info: Info, input: SendEmailInput) -> SendEmailPayload:
        done = await submission.send(viewer_of(info), input.asked(), key=input.idempotency_key)
        return SendEmailPayload(email=await _written(info, done), cursor=cursor_of(done))

    @strawberry.mutation(description="Quotes the original, and stands in its thread. Else as `sendEmail`.")
    @refusable(ReplyToEmailPayload)
    async def reply_to_email(self, info: Info, input: ReplyToEmailInput) -> ReplyToEmailPayload:
        done = await submission.reply(viewer_of(info), input.asked(), key=input.idempotency_key)
        return ReplyToEmailPayload(email=await _written(info, done), cursor=cursor_of(done))


async def _written(info: Info, done: Done) -> Email | None:
    return await email_of(info, done.ids[0])
