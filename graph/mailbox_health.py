"""How mailboxes are, live, and a look at one at once."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import strawberry

from graph.context import Info, viewer_of
from graph.errors import Payload, cursor_of, must_be_team, refusable
from graph.ids import Kind, key_of
from graph.inputs import asked_id, given
from graph.mailbox import Mailbox, mailbox_of
from graph.states import States, latest_of_each
from models import mailbox
from models.journal import Batch, FeedKind, JournalKind
from models.mailbox import MailboxState, MailboxView

ABOUT_A_MAILBOX = (
    FeedKind.MAILBOX_MOVED,
    JournalKind.MAILBOX_CONNECTED,
    JournalKind.MAILBOX_CHANGED,
    JournalKind.MAILBOX_DISCONNECTED,
)
"""And EMAIL_STORED, which names none: its progress then differs."""


@strawberry.input
class SyncMailboxNowInput:
    id: strawberry.ID
    idempotency_key: str | None = strawberry.UNSET


@strawberry.type
class SyncMailboxNowPayload(Payload):
    mailbox: Mailbox | None = None


@strawberry.type
class MailboxHealthMutation:
    @strawberry.mutation(
        description="Looks at once, also where it is RETRYING or NEEDS_ATTENTION, and reads the quarantined once more."
        " Refused while PAUSED."
    )
    @refusable(SyncMailboxNowPayload)
    async def sync_mailbox_now(self, info: Info, input: SyncMailboxNowInput) -> SyncMailboxNowPayload:
        key = key_of(Kind.MAILBOX, input.id)
        done = await mailbox.sync_now(viewer_of(info), key, key=given(input.idempotency_key))
        return SyncMailboxNowPayload(mailbox=await mailbox_of(info, key), cursor=cursor_of(done))


@strawberry.type
class MailboxHealthSubscription:
    @strawberry.subscription(description="All mailboxes or one.")
    async def mailbox_health(self, info: Info, id: strawberry.ID | None = None) -> AsyncGenerator[Mailbox, None]:
        must_be_team(info.context, "Only the firm's team may follow this.")
        boxes = _boxes(info, asked_id(Kind.MAILBOX, id))
        async for view in latest_of_each(info, boxes):
            yield Mailbox.of(view)


def _boxes(info: Info, key: UUID | None) -> States[MailboxView]:
    async def read() -> Mapping[UUID, MailboxView]:
        viewer = viewer_of(info)
        if key is not None:
            return await mailbox.by_ids(viewer, [key])
        return {view.id: view for view in await mailbox.of_firm(viewer)}

    async def with_figures(views: Sequence[MailboxView]) -> Sequence[MailboxView]:
        health = await mailbox.health_of(viewer_of(info), [view.id for view in views])
        return [replace(view, figures=health[view.id]) for view in views]

    return States(
        read=read,
        look_at=_look_at,
        is_under_way=lambda view: view.state is MailboxState.SYNCING,
        told=with_figures,
        of=key,
        missing="There is no such mailbox.",
    )


def _look_at(batch: Batch) -> Collection[UUID] | None:
    named = {entry.subject_id for entry in batch.of(*ABOUT_A_MAILBOX) if entry.subject_id}
    return named or (() if batch.of(JournalKind.EMAIL_STORED) else None)
