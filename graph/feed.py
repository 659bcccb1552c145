"""Live feeds: FeedReady, then every event since `after`, in order, none twice, and on live (R39)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

import strawberry

from graph.context import Info, client_of, signed_in, viewer_of
from graph.email import email_of
from graph.errors import must_be_team
from graph.feed_event import (
    EmailArrived,
    EmailEvent,
    EmailHistoryArrived,
    FeedReady,
    InboxEvent,
    NotificationsChanged,
    ResyncRequired,
    TogglesChanged,
    TogglesEvent,
)
from graph.ids import NOTHING, Kind
from graph.inputs import asked_id
from graph.scalars import Cursor, cursor_at, position_of
from models import feed, portal
from models.errors import ErrorCode, Refusal
from models.journal import Batch, Effect, Entry, FeedKind, JournalKind
from models.portal import emails

OF_EMAILS = (
    *(JournalKind.EMAIL_STORED, JournalKind.EMAIL_SENT, FeedKind.EMAIL_MOVED),
    *(FeedKind.THREADS_JOINED, FeedKind.EMAILS_FORGOTTEN),
)


async def followed(info: Info, after: Cursor | None) -> AsyncGenerator[Batch | FeedReady | ResyncRequired, None]:
    """The firm's journal as a feed. Whoever lost the session hears nothing more: asked anew at every delivery."""
    events = _followed(info, after)
    if info.context.follower.begins_at is None:  # else it has been greeted before
        events = info.context.doorkeeper.greeted(events)
    async with aclosing(events):
        async for event in events:
            yield event


async def _followed(info: Info, after: Cursor | None) -> AsyncGenerator[Batch | FeedReady | ResyncRequired, None]:
    context, follower = info.context, info.context.follower
    position = None if after is None else position_of(after)
    if (again := follower.begins_at) is not None:
        position = again
    following = feed.hub.follow(signed_in(context).firm_id, position, tell_live=follower.leaves_within)
    async with aclosing(following) as events:  # type: ignore[type-var]
        async for event in events:
            await context.authorise()
            if isinstance(event, feed.Live):
                follower.live_at = event.cursor
                return
            if isinstance(event, Batch):
                follower.position = event.cursor
                yield event
            elif isinstance(event, feed.Resync):
                follower.position = event.cursor
                yield ResyncRequired(cursor=cursor_at(event.cursor))
            elif again is None:
                yield FeedReady(cursor=cursor_at(event.cursor))


async def _account_followed(info: Info, asked: strawberry.ID | None) -> UUID | None:
    """None: all. A client's is the one in use. Raises NOT_FOUND, ACCOUNT_SWITCHED."""
    account = asked_id(Kind.ACCOUNT, asked)
    if client := client_of(info):
        if account:
            portal.must_be_in(client, account)
        return client.account_id or NOTHING
    if account and await info.context.loaders.account.load(account) is None:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such account.")
    return account


@strawberry.type
class FeedSubscription:
    @strawberry.subscription
    async def inbox_notifications(self, info: Info, after: Cursor | None = None) -> AsyncGenerator[InboxEvent, None]:
        must_be_team(info.context, "Only the firm's team may follow this.")
        member_id = viewer_of(info).member_id
        async for event in followed(info, after):
            if not isinstance(event, Batch):
                yield event
                continue
            moved = [one for one in event.of(FeedKind.NOTIFICATIONS_MOVED) if member_id in (one.audience or ())]
            for entry in moved:
                info.context.follower.position = at = event.cursor if entry is moved[-1] else entry.position
                info.context.forget()
                yield NotificationsChanged(cursor=cursor_at(at), keys=entry.touched, occurred_at=entry.occurred_at)

    @strawberry.subscription(
        description="All accounts or one. A client: the account in use, messages that its address took part in (R19)."
    )
    async def email_arrived(
        self, info: Info, account_id: strawberry.ID | None = None, after: Cursor | None = None
    ) -> AsyncGenerator[EmailEvent, None]:
        account = await _account_followed(info, account_id)
        async for event in followed(info, after):
            if not isinstance(event, Batch):
                yield event
                continue
            for entry in event.of(*OF_EMAILS, JournalKind.TOGGLES_CHANGED):
                if (account is None or account in entry.account_ids) and (told := await _email_event(info, entry)):
                    info.context.follower.position = entry.position
                    yield told

    @strawberry.subscription(description="All accounts or one.")
    async def toggles_changed(
        self, info: Info, account_id: strawberry.ID | None = None, after: Cursor | None = None
    ) -> AsyncGenerator[TogglesEvent, None]:
        must_be_team(info.context, "Only the firm's team may follow this.")
        account = await _account_followed(info, account_id)
        async for event in followed(info, after):
            if not isinstance(event, Batch):
                yield event
                continue
            entries = tuple(
                entry
                for entry in event.having(Effect.SWITCHES)
                if entry.account_ids and (account is None or account in entry.account_ids)
            )
            if entries:
                yield TogglesChanged(
                    cursor=cursor_at(event.cursor), entries=entries, occurred_at=entries[0].occurred_at
                )


async def _email_event(info: Info, entry: Entry) -> EmailArrived | EmailHistoryArrived | None:
    """Each has a cursor of its own, since one batch may bring several."""
    cursor = cursor_at(entry.position)
    if entry.subject_id is None or entry.kind == JournalKind.TOGGLES_CHANGED:
        return await _history_event(info, entry, cursor)
    info.context.forget()
    email = await email_of(info, entry.subject_id)
    return EmailArrived(cursor=cursor, occurred_at=entry.occurred_at, email=email) if email else None


async def _history_event(info: Info, entry: Entry, cursor: Cursor) -> EmailHistoryArrived | None:
    """A client is not told how much mail of others came along, but that its own Email sync was switched."""
    client = client_of(info)
    if not (await emails.moved_by(client, entry) if client else entry.kind in OF_EMAILS):
        return None
    count = 0 if client else int(entry.changes[0].after or 0)
    return EmailHistoryArrived(
        cursor=cursor, account_keys=entry.account_ids, occurred_at=entry.occurred_at, count=count
    )
