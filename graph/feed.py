"""Live feeds: FeedReady, then every event since `after`, in order, none twice, and on live (R39)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from graph.account import Account
from graph.bulk_update import BulkUpdate, bulk_update_of
from graph.context import Info, client_of, signed_in, viewer_of
from graph.email import Email, email_of
from graph.errors import must_be_team
from graph.firm import TeamMember, me
from graph.ids import NOTHING, Kind, global_id
from graph.inputs import asked_id
from graph.journal import Viewer, actor_of
from graph.loaders import seen
from graph.notification import Notification, notifications_of
from graph.scalars import Cursor, cursor_at, position_of
from graph.toggles import Toggles, brought_by_links
from models import feed, notification, portal
from models.at_once import MOST_AT_ONCE
from models.errors import ErrorCode, Refusal
from models.journal import Batch, Effect, Entry, FeedKind, JournalKind
from models.portal import emails


@strawberry.interface(description="Keep the last `cursor`: it is the `after` of your next connection.")
class FeedEvent:
    cursor: Cursor


@strawberry.type
class FeedReady(FeedEvent):
    pass


@strawberry.type(
    description="`after` is too old, or you fell too far behind. Read afresh what you show; the feed goes on from"
    " `cursor`."
)
class ResyncRequired(FeedEvent):
    pass


@strawberry.type(description="New, moved to the top, read or archived, in this window or another; at most 100.")
class NotificationsChanged(FeedEvent):
    keys: strawberry.Private[tuple[UUID, ...]]
    occurred_at: datetime

    @strawberry.field(description="Those of `gone` too, as read and archived.")
    async def notifications(self, info: Info) -> list[Notification]:
        return await notifications_of(info, self.keys)

    @strawberry.field(
        description="Part of another one now, as their threads turned out to be one: in no list any more."
    )
    async def gone(self, info: Info) -> list[strawberry.ID]:
        views = await seen(info.context.loaders.notification, self.keys)
        return [global_id(Kind.NOTIFICATION, view.id) for view in views if view.gone]

    @strawberry.field
    async def unread_count(self, info: Info) -> int:
        return await notification.unread_count(viewer_of(info))

    @strawberry.field(description="Whose Inbox+ it is: with `unreadCount` below it a cache counts along.")
    async def member(self, info: Info) -> TeamMember | None:
        return await me(info)


@strawberry.type(
    description="Received, or sent from here; once more whenever the `letterState` of one sent from here changes. A"
    " client hears of what the firm sends once it is sent."
)
class EmailArrived(FeedEvent):
    occurred_at: datetime
    email: Email


@strawberry.type(
    description="A batch of history was filled in; or threads turned out to be one, and so many e-mails have another"
    " `thread` now (the old id leads there); or, with `count` 0, some were forgotten. Read the lists afresh. For a"
    " client `accounts` is empty and `count` 0, and it is also told that Email sync was switched for its address."
)
class EmailHistoryArrived(FeedEvent):
    account_keys: strawberry.Private[tuple[UUID, ...]]
    occurred_at: datetime
    count: int

    @strawberry.field
    async def accounts(self, info: Info) -> list[Account]:
        return Account.of_all(await seen(info.context.loaders.account, self.account_keys))


@strawberry.type
class TogglesChanged(FeedEvent):
    entries: strawberry.Private[tuple[Entry, ...]]
    occurred_at: datetime

    @strawberry.field(description="Null: the system itself, or whoever holds a letter's link.")
    async def actor(self, info: Info) -> Viewer | None:
        return await actor_of(info, self.entries[0])

    @strawberry.field(description="At most 100 of those touched, also where toggles went with an unlinked contact.")
    async def accounts(self, info: Info) -> list[Account]:
        return Account.of_all(await seen(info.context.loaders.account, self._accounts[:MOST_AT_ONCE]))

    @strawberry.field(description="More was touched than stands here: read afresh what you show.")
    async def truncated(self, info: Info) -> bool:
        return len(self._accounts) > MOST_AT_ONCE or len(await self._toggles(info)) > MOST_AT_ONCE

    @strawberry.field
    async def bulk_update(self, info: Info) -> BulkUpdate | None:
        run_id = self.entries[0].run_id
        return await bulk_update_of(info, run_id) if run_id else None

    @strawberry.field(description="At most 100; a run gives one event per chunk.")
    async def toggles(self, info: Info) -> list[Toggles]:
        keys = await self._toggles(info)
        return Toggles.of_all(await seen(info.context.loaders.toggles, keys[:MOST_AT_ONCE]))

    @property
    def _accounts(self) -> list[UUID]:
        return list(dict.fromkeys(key for entry in self.entries for key in entry.account_ids))

    async def _toggles(self, info: Info) -> list[UUID]:
        named = [key for entry in self.entries for key in entry.touched]
        return list(dict.fromkeys([*named, *await brought_by_links(info, self.entries)]))


InboxEvent = Annotated[FeedReady | NotificationsChanged | ResyncRequired, strawberry.union("InboxEvent")]
EmailEvent = Annotated[FeedReady | EmailArrived | EmailHistoryArrived | ResyncRequired, strawberry.union("EmailEvent")]
OF_EMAILS = (
    *(JournalKind.EMAIL_STORED, JournalKind.EMAIL_SENT, FeedKind.EMAIL_MOVED),
    *(FeedKind.THREADS_JOINED, FeedKind.EMAILS_FORGOTTEN),
)
TogglesEvent = Annotated[FeedReady | TogglesChanged | ResyncRequired, strawberry.union("TogglesEvent")]


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
