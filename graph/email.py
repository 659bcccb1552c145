"""E-mail and attachments, as the team and, of its own, a client see them."""

from datetime import datetime
from functools import partial
from uuid import UUID

import strawberry

from graph.account import Account
from graph.context import Info, client_of, viewer_of
from graph.document import Document
from graph.engine.completion import Shows, made
from graph.file_link import file_url
from graph.ids import Kind, global_id
from graph.inputs import SEARCH, asked_id, given, optional
from graph.loaders import seen
from graph.mailbox import Mailbox, mailbox_of
from graph.node import Node, made_id, reads
from graph.paging import FeedConnection, connected, feed_cursor, window_of
from models import email, participant
from models.document import NotSavedReason
from models.email import EmailDirection, EmailFilter
from models.ground.canonical import canonical
from models.letter import LetterState
from models.links import FileKind
from models.participant import Role
from models.submission.leaving import HERE_ONLY

strawberry.enum(EmailDirection)


@strawberry.type(description="`address` is empty where the header cannot be read (R21).")
class Participant(Shows[participant.Participant]):
    name: str | None
    address: str


@strawberry.type
class Attachment(Node, Shows[email.AttachmentView]):
    id: strawberry.ID = made_id(Kind.ATTACHMENT)
    name: str
    content_type: str
    size: int = strawberry.field(description="Bytes.")
    content_id: str | None = strawberry.field(description="What `cid:` in `safeHtml` refers to.")

    @strawberry.field(description="Signed, good for an hour, and no longer than the session.")
    @staticmethod
    async def url(parent: strawberry.Parent[email.AttachmentView], info: Info) -> str:
        return await file_url(info, FileKind.ATTACHMENT, parent.id, parent.name)

    @strawberry.field(description="One for each account it was saved to (R20). For a client: empty.")
    @staticmethod
    async def documents(parent: strawberry.Parent[email.AttachmentView], info: Info) -> list[Document]:
        return Document.of_all(await info.context.loaders.attachment_documents.load(parent.id))

    @strawberry.field(description="Null where it was saved. For a client: null.")
    @staticmethod
    async def not_saved(parent: strawberry.Parent[email.AttachmentView], info: Info) -> NotSavedReason | None:
        return None if client_of(info) else parent.not_saved


def _sender(parent: strawberry.Parent[email.EmailView]) -> Participant:
    return Participant.of(parent.sender)


def _thread(parent: strawberry.Parent[email.EmailView]) -> strawberry.ID:
    return global_id(Kind.THREAD, parent.thread_id)


@strawberry.type(
    description="One message, stored once per firm (R21). For a client `accounts` is empty, `mailbox`,"
    " `letterState` and `rawUrl` are null."
)
class Email(Node, Shows[email.EmailView]):
    id: strawberry.ID = made_id(Kind.EMAIL)
    subject: str
    from_: Participant = made(_sender, name="from")
    sent_at: datetime = strawberry.field(description="As its header says, or `receivedAt` where that cannot be read.")
    received_at: datetime
    direction: EmailDirection
    snippet: str = strawberry.field(description="About 200 characters, on one line.")
    blocked_images: int
    certified_by: str | None = strawberry.field(
        description="Certified mail (PEC): the provider that the envelope around this letter names; nobody has checked"
        " its signature. The envelope is the source. Null: not certified."
    )
    thread: strawberry.ID = made(_thread, description="The same for all messages of a conversation; not a node.")

    @strawberry.field
    @staticmethod
    async def to(parent: strawberry.Parent[email.EmailView], info: Info) -> list[Participant]:
        return await _in(info, parent.id, Role.TO)

    @strawberry.field
    @staticmethod
    async def cc(parent: strawberry.Parent[email.EmailView], info: Info) -> list[Participant]:
        return await _in(info, parent.id, Role.CC)

    @strawberry.field
    @staticmethod
    async def text(parent: strawberry.Parent[email.EmailView], info: Info) -> str:
        body = await info.context.loaders.email_body.load(parent.id)
        return body.text if body else ""

    @strawberry.field(description="Without scripts and remote images, in one box that clips it. Null: plain text only.")
    @staticmethod
    async def safe_html(parent: strawberry.Parent[email.EmailView], info: Info) -> str | None:
        body = await info.context.loaders.email_body.load(parent.id)
        return body.safe_html if body else None

    @strawberry.field(description="Those whose toggles asked for it.")
    @staticmethod
    async def accounts(parent: strawberry.Parent[email.EmailView], info: Info) -> list[Account]:
        return await accounts_of_email(info, parent.id)

    @strawberry.field
    @staticmethod
    async def attachments(parent: strawberry.Parent[email.EmailView], info: Info) -> list[Attachment]:
        return Attachment.of_all(await info.context.loaders.attachments.load(parent.id))

    @strawberry.field(description="The one it was first seen in, or sent from. Null where that is disconnected.")
    @staticmethod
    async def mailbox(parent: strawberry.Parent[email.EmailView], info: Info) -> Mailbox | None:
        return await mailbox_of(info, parent.mailbox_id) if parent.mailbox_id else None

    @strawberry.field(description="Null: not sent from here.")
    @staticmethod
    async def letter_state(parent: strawberry.Parent[email.EmailView], info: Info) -> LetterState | None:
        return None if client_of(info) else parent.letter_state

    @strawberry.field(
        description="The source as it came: a signed link, good for an hour. Null until it has been sent."
    )
    @staticmethod
    async def raw_url(parent: strawberry.Parent[email.EmailView], info: Info) -> str | None:
        if client_of(info) or parent.letter_state in HERE_ONLY:
            return None
        return await file_url(info, FileKind.SOURCE, parent.id, "message.eml")


async def _in(info: Info, key: UUID, role: Role) -> list[Participant]:
    everybody = await info.context.loaders.participants.load(key)
    return Participant.of_all([person for person in everybody if person.role is role])


async def accounts_of_email(info: Info, key: UUID) -> list[Account]:
    keys = await info.context.loaders.email_accounts.load(key)
    return Account.of_all(await seen(info.context.loaders.account, keys))


@reads(Kind.EMAIL)
async def email_of(info: Info, key: UUID) -> Email | None:
    return Email.of(await info.context.loaders.email.load(key))


@reads(Kind.ATTACHMENT)
async def attachment_of(info: Info, key: UUID) -> Attachment | None:
    return Attachment.of(await info.context.loaders.attachment.load(key))


@strawberry.input(name="EmailFilter")
class EmailFilterInput:
    search: str | None = optional(f"Words in any order: subject, participants, text. {SEARCH}")
    account_id: strawberry.ID | None = strawberry.UNSET
    address_id: strawberry.ID | None = optional("It took part.")
    thread: strawberry.ID | None = strawberry.UNSET

    def asked(self) -> EmailFilter:
        return EmailFilter(
            search=given(self.search),
            account_id=asked_id(Kind.ACCOUNT, self.account_id),
            address_id=asked_id(Kind.EMAIL_ADDRESS, self.address_id),
            thread_id=asked_id(Kind.THREAD, self.thread),
        )


@strawberry.type
class EmailQuery:
    @strawberry.field(description="Newest first.")
    async def emails(
        self,
        info: Info,
        filter: EmailFilterInput | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> FeedConnection[Email]:
        viewer = viewer_of(info)
        condition = filter.asked() if filter else EmailFilter()
        about = canonical("emails", condition)
        window = window_of(about, first=first, after=after, last=last, before=before)
        stood = await feed_cursor(info)
        page = await email.page(viewer, condition, window)
        count = partial(email.count, viewer, condition)
        return connected(FeedConnection[Email], page, about, node=Email.of, count=count, feed_cursor=stood)
