"""What the live feeds tell, each with the cursor to go on from (R39)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from graph.account import Account
from graph.bulk_update import BulkUpdate, bulk_update_of
from graph.context import Info, viewer_of
from graph.email import Email
from graph.firm import TeamMember, me
from graph.ids import Kind, global_id
from graph.journal import Viewer, actor_of
from graph.loaders import seen
from graph.notification import Notification, notifications_of
from graph.scalars import Cursor
from graph.toggles import Toggles, brought_by_links
from models import notification
from models.at_once import MOST_AT_ONCE
from models.journal import Entry


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
        return Account.of_all(await seen(info.context.loaders.account, self._account_keys[:MOST_AT_ONCE]))

    @strawberry.field(description="More was touched than stands here: read afresh what you show.")
    async def truncated(self, info: Info) -> bool:
        return len(self._account_keys) > MOST_AT_ONCE or len(await self._toggles_keys(info)) > MOST_AT_ONCE

    @strawberry.field
    async def bulk_update(self, info: Info) -> BulkUpdate | None:
        run_id = self.entries[0].run_id
        return await bulk_update_of(info, run_id) if run_id else None

    @strawberry.field(description="At most 100; a run gives one event per chunk.")
    async def toggles(self, info: Info) -> list[Toggles]:
        keys = await self._toggles_keys(info)
        return Toggles.of_all(await seen(info.context.loaders.toggles, keys[:MOST_AT_ONCE]))

    @property
    def _account_keys(self) -> list[UUID]:
        return list(dict.fromkeys(key for entry in self.entries for key in entry.account_ids))

    async def _toggles_keys(self, info: Info) -> list[UUID]:
        switched = [key for entry in self.entries for key in entry.touched]
        return list(dict.fromkeys([*switched, *await brought_by_links(info, self.entries)]))


InboxEvent = Annotated[FeedReady | NotificationsChanged | ResyncRequired, strawberry.union("InboxEvent")]
EmailEvent = Annotated[FeedReady | EmailArrived | EmailHistoryArrived | ResyncRequired, strawberry.union("EmailEvent")]
TogglesEvent = Annotated[FeedReady | TogglesChanged | ResyncRequired, strawberry.union("TogglesEvent")]
