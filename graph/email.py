"""E-mail and attachments, as the team and, of its own, a client see them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from graph.account import Account
from graph.context import Info, client_of, signed_in, viewer_of
from graph.ids import Kind, global_id
from graph.inputs import asked_id, given
from graph.loaders import seen
from graph.node import Node, reads
from graph.paging import FeedConnection, connected, feed_cursor, window_of
from models import email, links, participant
from models.email import EmailBody, EmailDirection, EmailFilter
from models.ground.canonical import canonical
from models.links import FileKind
from models.participant import Role

if TYPE_CHECKING:
    from graph.mailbox import Mailbox

strawberry.enum(EmailDirection)


@strawberry.type(description="`address` is empty where the header cannot be read (R21).")
class Participant:
    name: str | None
    address: str

    @classmethod
    def of(cls, view: participant.Participant) -> "Participant":
        return cls(name=view.name, address=view.address)


@strawberry.type
class Attachment(Node):
    key: strawberry.Private[UUID]
    name: str
    content_type: str
    size: int = strawberry.field(description="Bytes.")
    content_id: str | None = strawberry.field(description="What `cid:` in `safeHtml` refers to.")

    @classmethod
    def of(cls, view: email.AttachmentView) -> "Attachment":
        return cls(
            id=global_id(Kind.ATTACHMENT, view.id),
            key=view.id,
            name=view.name,
            content_type=view.content_type,
            size=view.size,
            content_id=view.content_id,
        )

    @strawberry.field(description="Signed, good for an hour, and no longer than the session.")
    def url(self, info: Info) -> str:
        return file_url(info, FileKind.ATTACHMENT, self.key, self.name)


def file_url(info: Info, kind: FileKind, row_id: UUID, name: str) -> str:
    asker = signed_in(info.context)
    to = links.Opened(asker.firm_id, row_id, asker.session_id)
    return links.file_link(info.context.settings.base_url, kind, to=to, name=name)


@strawberry.type(
    description="One message, stored once per firm (R21). For a client `accounts` is empty, `mailbox` and `rawUrl` are"
    " null."
)
class Email(Node):
    key: strawberry.Private[UUID]
    mailbox_key: strawberry.Private[UUID | None]
    subject: str
    from_: Participant = strawberry.field(name="from")
    sent_at: datetime = strawberry.field(description="As its header says, or `receivedAt` where that cannot be read.")
    received_at: datetime
    direction: EmailDirection
    snippet: str = strawberry.field(description="About 200 characters, on one line.")
    blocked_images: int
    thread: strawberry.ID = strawberry.field(description="The same for all messages of a conversation; not a node.")

    @classmethod
    def of(cls, view: email.EmailView) -> "Email":
        return cls(
            id=global_id(Kind.EMAIL, view.id),
            key=view.id,
            mailbox_key=view.mailbox_id,
            subject=view.subject,
            from_=Participant.of(view.sender),
            sent_at=view.sent_at,
            received_at=view.received_at,
            direction=view.direction,
            snippet=view.snippet,
            blocked_images=view.blocked_images,
            thread=global_id(Kind.THREAD, view.thread_id),
        )

    @strawberry.field
    async def to(self, info: Info) -> list[Participant]:
        return await self._in(info, Role.TO)

    @strawberry.field
    async def cc(self, info: Info) -> list[Participant]:
        return await self._in(info, Role.CC)

    async def _in(self, info: Info, role: Role) -> list[Participant]:
        everybody = await info.context.loaders.participants.load(self.key)
        return [Participant.of(one) for one in everybody if one.role is role]

    @strawberry.field
    async def text(self, info: Info) -> str:
        body = await self._body(info)
        return body.text if body else ""

    @strawberry.field(description="Without scripts and remote images. Null: plain text only.")
    async def safe_html(self, info: Info) -> str | None:
        body = await self._body(info)
        return body.safe_html if body else None

    async def _body(self, info: Info) -> EmailBody | None:
        return await info.context.loaders.email_body.load(self.key)

    @strawberry.field(description="Those whose toggles asked for it.")
    async def accounts(self, info: Info) -> list[Account]:
        return await accounts_of_email(info, self.key)

    @strawberry.field
    async def attachments(self, info: Info) -> list[Attachment]:
        return [Attachment.of(view) for view in await info.context.loaders.attachments.load(self.key)]

    @strawberry.field(description="The one it was first seen in. Null where that is disconnected.")
    async def mailbox(self, info: Info) -> Annotated["Mailbox", strawberry.lazy("graph.mailbox")] | None:
        from graph.mailbox import mailbox_of

        return await mailbox_of(info, self.mailbox_key) if self.mailbox_key else None

    @strawberry.field(description="The source as it came: a signed link, good for an hour.")
    def raw_url(self, info: Info) -> str | None:
        return None if client_of(info) else file_url(info, FileKind.SOURCE, self.key, "message.eml")


async def accounts_of_email(info: Info, key: UUID) -> list[Account]:
    keys = await info.context.loaders.email_accounts.load(key)
    return [Account.of(view) for view in await seen(info.context.loaders.account, keys)]


@reads(Kind.EMAIL)
async def email_of(info: Info, key: UUID) -> Email | None:
    view = await info.context.loaders.email.load(key)
    return Email.of(view) if view else None


@reads(Kind.ATTACHMENT)
async def attachment_of(info: Info, key: UUID) -> Attachment | None:
    view = await info.context.loaders.attachment.load(key)
    return Attachment.of(view) if view else None


@strawberry.input(name="EmailFilter")
class EmailFilterInput:
    search: str | None = strawberry.field(
        default=strawberry.UNSET, description="Words in any order: subject, participants, text."
    )
    account_id: strawberry.ID | None = strawberry.UNSET
    address_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="It took part.")
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
        wanted = filter.asked() if filter else EmailFilter()
        about = canonical("emails", wanted)
        window = window_of(about, first=first, after=after, last=last, before=before)
        stood = await feed_cursor(info)
        page = await email.page(viewer, wanted, window)

        async def count() -> int:
            return await email.count(viewer, wanted)

        return connected(  # type: ignore[no-any-return]
            FeedConnection[Email], page, about, node=Email.of, count=count, feed_cursor=stood
        )
