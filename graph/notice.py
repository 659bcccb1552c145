"""What clients are told: events raised for an account, and what became of each (R14)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import strawberry

from graph.address import EmailAddress
from graph.contact import Contact
from graph.context import Context, Info
from graph.engine.completion import Shows, relation
from graph.ids import Kind
from graph.node import Node, made_id, reads
from models.client_event import ClientEvent
from models.letter import LetterState
from models.notice import NoticeLetterView, NoticeView, NotifyOutcome, RecipientView

strawberry.enum(ClientEvent, description="Each belongs to one category (R13).")
strawberry.enum(
    NotifyOutcome, description="QUEUED: a letter tells of it. Of several reasons why none does, the first one here."
)
strawberry.enum(
    LetterState,
    description="UNCERTAIN: the server vanished before it answered. REFUSED: for good. CANCELLED: it had not left yet.",
)


@strawberry.type(
    description="An address that contacts of the account held, or a contact without one (NO_ADDRESS), and what became"
    " of the notice there."
)
class NotifyRecipient(Shows[RecipientView]):
    address: EmailAddress | None
    contacts: list[Contact]
    outcome: NotifyOutcome


@strawberry.type(description="`reason` in plain words, of CANCELLED, REFUSED and BOUNCED.")
class NoticeLetter(Shows[NoticeLetterView]):
    address: EmailAddress
    state: LetterState
    settled_at: datetime | None
    reason: str | None


@strawberry.type(
    description="An event raised for an account, and what became of it (R14). `recipients` are as they were answered."
)
class Notice(Node, Shows[NoticeView]):
    id: strawberry.ID = made_id(Kind.NOTICE)
    event: ClientEvent
    subject: str
    raised_at: datetime

    @relation
    @staticmethod
    async def recipients(notices: Sequence[NoticeView], context: Context) -> list[list[NotifyRecipient]]:
        recipients = await context.loaders.notice_recipients.all([notice.id for notice in notices])
        return [NotifyRecipient.of_all(views) for views in recipients]

    @relation(description="One for each QUEUED recipient; a letter may tell of several notices.")
    @staticmethod
    async def letters(notices: Sequence[NoticeView], context: Context) -> list[list[NoticeLetter]]:
        letters = await context.loaders.notice_letters.all([notice.id for notice in notices])
        return [NoticeLetter.of_all(views) for views in letters]


@reads(Kind.NOTICE)
async def notice_of(info: Info, key: UUID) -> Notice | None:
    return Notice.of(await info.context.loaders.notice.load(key))
