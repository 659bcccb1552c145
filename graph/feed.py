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


def followed(info: Info, after: Cursor | None) -> AsyncGenerator[Batch | FeedReady | ResyncRequired, None]:
    """
    FeedReady, then all of the firm's journal since `after` in order, none twice, and on live (R39); None: from now on.

    Each delivery is authorised anew: whoever lost the session gets a RequestError in its place. Of a slow client only
    the position is kept, no events; a wake-up that is lost costs seconds (models.feed). Closing this leaves the hub.

    A subscription that is shared comes here several times (graph.engine.transport.operation): first from `after` until
    it is near the present, where this ends and its group goes on; then, should the group not reach back to it, from
    `begins_at`, where it stood. Its client has had FeedReady by then.
    """
    events = _followed(info, after)
    return events if _goes_on(info) else info.context.doorkeeper.greeted(events)


async def _followed(info: Info, after: Cursor | None) -> AsyncGenerator[Batch | FeedReady | ResyncRequired, None]:
    context, follower, is_greeted = info.context, info.context.follower, _goes_on(info)
    start = follower.begins_at if is_greeted else _position(after)
    following = feed.hub.follow(signed_in(context).firm_id, start, tell_live=follower.leaves_within)
    async with aclosing(following) as events:  # type: ignore[type-var]
        async for event in events:
            await context.authorise()
            if isinstance(event, feed.Live):
                follower.live_at = event.cursor  # where its group goes on
                return
            follower.position = event.cursor
            if isinstance(event, Batch):
                yield event
            elif isinstance(event, feed.Resync):
                yield ResyncRequired(cursor=cursor_at(event.cursor))
            elif not is_greeted:
                yield FeedReady(cursor=cursor_at(event.cursor))


def _goes_on(info: Info) -> bool:
    """For a group, or alone once more: not at what its client calls `after`."""
    return info.context.follower.begins_at is not None


def _position(after: Cursor | None) -> int | None:
    return None if after is None else position_of(after)


async def _account_followed(info: Info, account_id: strawberry.ID | None) -> UUID | None:
    """None: all. A client's is the one in use. Raises NOT_FOUND, ACCOUNT_SWITCHED."""
    key = asked_id(Kind.ACCOUNT, account_id)
    if client := client_of(info):
        if key:
            portal.must_be_in(client, key)
        return client.account_id or NOTHING
    if key and await info.context.loaders.account.load(key) is None:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such account.")
    return key


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
            moves = [entry for entry in event.of(FeedKind.NOTIFICATIONS_MOVED) if member_id in (entry.audience or ())]
            for entry in moves:
                info.context.follower.position = position = event.cursor if entry is moves[-1] else entry.position
                info.context.forget()
                cursor = cursor_at(position)
                yield NotificationsChanged(cursor=cursor, keys=entry.touched, occurred_at=entry.occurred_at)

    @strawberry.subscription(
        description="All accounts or one. A client: the account in use, messages that its address took part in (R19)."
    )
    async def email_arrived(
        self, info: Info, account_id: strawberry.ID | None = None, after: Cursor | None = None
    ) -> AsyncGenerator[EmailEvent, None]:
        account_key = await _account_followed(info, account_id)
        async for event in followed(info, after):
            if not isinstance(event, Batch):
                yield event
                continue
            for entry in event.of(*OF_EMAILS, JournalKind.TOGGLES_CHANGED):
                if _is_of(entry, account_key) and (email_event := await _email_event(info, entry)):
                    info.context.follower.position = entry.position
                    yield email_event

    @strawberry.subscription(description="All accounts or one.")
    async def toggles_changed(
        self, info: Info, account_id: strawberry.ID | None = None, after: Cursor | None = None
    ) -> AsyncGenerator[TogglesEvent, None]:
        must_be_team(info.context, "Only the firm's team may follow this.")
        account_key = await _account_followed(info, account_id)
        async for event in followed(info, after):
            if not isinstance(event, Batch):
                yield event
                continue
            switchings = (entry for entry in event.having(Effect.SWITCHES) if entry.account_ids)
            if entries := tuple(entry for entry in switchings if _is_of(entry, account_key)):
                cursor = cursor_at(event.cursor)
                yield TogglesChanged(cursor=cursor, entries=entries, occurred_at=entries[0].occurred_at)


def _is_of(entry: Entry, account_key: UUID | None) -> bool:
    return account_key is None or account_key in entry.account_ids


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
