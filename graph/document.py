"""Files in an account's Documents, as the team and, of its own e-mails, a client see them (R19, R20)."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from graph.context import Info
from graph.engine.completion import Shows
from graph.file_link import file_url
from graph.ids import Kind
from graph.node import Node, made_id, reads
from models import document
from models.document import NotSavedReason
from models.links import FileKind

if TYPE_CHECKING:
    from graph.email import Email

strawberry.enum(
    NotSavedReason,
    description="AUTO_SAVE_OFF: it was off, or the message is not from an address with Email sync. HISTORY: received"
    " before both were on. FILE_TYPE: no Office file, PDF or picture by its name and its first bytes. TOO_LARGE: over"
    " 25 MB. ALREADY_THERE: so is a file of that name and size. INLINE: a picture that the message shows.",
)


@strawberry.type
class Document(Node, Shows[document.DocumentView]):
    id: strawberry.ID = made_id(Kind.DOCUMENT)
    name: str
    content_type: str
    size: int = strawberry.field(description="Bytes.")
    created_at: datetime

    @strawberry.field(description="Signed, good for an hour, and no longer than the session.")
    @staticmethod
    async def url(parent: strawberry.Parent[document.DocumentView], info: Info) -> str:
        return await file_url(info, FileKind.DOCUMENT, parent.id, parent.name)

    @strawberry.field(description="What it was saved from. Null: nothing, or not for you.")
    @staticmethod
    async def email(
        parent: strawberry.Parent[document.DocumentView], info: Info
    ) -> Annotated["Email", strawberry.lazy("graph.email")] | None:
        from graph.email import email_of

        return await email_of(info, parent.email_id) if parent.email_id else None


@reads(Kind.DOCUMENT)
async def document_of(info: Info, key: UUID) -> Document | None:
    return Document.of(await info.context.loaders.document.load(key))
