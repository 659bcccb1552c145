"""Inbox+ of the viewer (R38)."""

from datetime import datetime
from functools import partial
from typing import Annotated, assert_never
from uuid import UUID

import strawberry

from graph.account import Account
from graph.address import EmailAddress, address_of
from graph.bulk_update import BulkUpdate, bulk_update_of
from graph.client_import import Import, import_of
from graph.context import Info, viewer_of
from graph.email import Email, email_of
from graph.engine.completion import Shows
from graph.errors import Payload, cursor_of, refusable
from graph.firm import TeamMember, me
from graph.ids import Kind, key_of
from graph.inputs import asked_id, given, optional
from graph.loaders import seen
from graph.mailbox import Mailbox, mailbox_of
from graph.node import Node, made_id, reads
from graph.paging import FeedConnection, connected, feed_cursor, window_of
from graph.scalars import Cursor, position_of
from graph.toggles import Toggles, toggles_of
from models import notification
from models.ground.canonical import canonical
from models.journal import Subject
from models.notification import InboxFilter, NotificationChannel, NotificationKind, NotificationSetting, Selection

NotificationSubject = Annotated[
    Email | BulkUpdate | Import | Toggles | EmailAddress | Mailbox, strawberry.union("NotificationSubject")
]


@strawberry.type
class Notification(Node, Shows[notification.NotificationView]):
    id: strawberry.ID = made_id(Kind.NOTIFICATION)
    kind: NotificationKind
    text: str = strawberry.field(
        description='In plain words, as in "Login enabled for 212 addresses, 14 already on, 3 errors".'
    )
    count: int = strawberry.field(description="Messages of the thread since it was last read; 1 for other kinds.")
    read: bool
    archived: bool
    occurred_at: datetime = strawberry.field(description="Moves with each message of the thread.")

    @strawberry.field(description="Null where it is gone.")
    @staticmethod
    async def subject(
        parent: strawberry.Parent[notification.NotificationView], info: Info
    ) -> NotificationSubject | None:
        match parent.kind.subject:
            case Subject.EMAIL:
                return await email_of(info, parent.subject_id)
            case Subject.BULK_UPDATE:
                return await bulk_update_of(info, parent.subject_id)
            case Subject.IMPORT:
                return await import_of(info, parent.subject_id)
            case Subject.TOGGLES:
                return await toggles_of(info, parent.subject_id)
            case Subject.EMAIL_ADDRESS:
                # of what a person wrote from here, the e-mail that came back
                return await address_of(info, parent.subject_id) or await email_of(info, parent.subject_id)
            case Subject.MAILBOX:
                return await mailbox_of(info, parent.subject_id)
            case unread:
                assert_never(unread)

    @strawberry.field(description="That it concerns; of a thread, those of its messages since it was last read.")
    @staticmethod
    async def accounts(parent: strawberry.Parent[notification.NotificationView], info: Info) -> list[Account]:
        keys = list(parent.account_ids)
        if parent.kind.subject is Subject.EMAIL:  # it may have been linked to more since
            keys += await info.context.loaders.email_accounts.load(parent.subject_id)
        return Account.of_all(await seen(info.context.loaders.account, list(dict.fromkeys(keys))))


@reads(Kind.NOTIFICATION)
async def notification_of(info: Info, key: UUID) -> Notification | None:
    return Notification.of(await info.context.loaders.notification.load(key))


@strawberry.type(name="NotificationConnection")
class InboxConnection(FeedConnection[Notification]):
    @strawberry.field(description="Of the whole Inbox+, whatever the filter.")
    async def unread_count(self, info: Info) -> int:
        return await notification.unread_count(viewer_of(info))


@strawberry.input(name="InboxFilter")
class InboxFilterInput:
    read: bool | None = strawberry.UNSET
    kinds: list[NotificationKind] | None = strawberry.UNSET
    account_id: strawberry.ID | None = strawberry.UNSET
    archived: bool | None = strawberry.field(default=False, description="null: archived or not.")
    up_to: Cursor | None = optional(
        'Leaves out what moved later: with the `feedCursor` of your page, "mark all" spares what you have not seen.'
    )

    def asked(self) -> InboxFilter:
        kinds, up_to = given(self.kinds), given(self.up_to)
        return InboxFilter(
            read=given(self.read),
            kinds=None if kinds is None else tuple(kinds),
            account_id=asked_id(Kind.ACCOUNT, self.account_id),
            archived=self.archived,
            up_to=None if up_to is None else position_of(up_to),
        )


@strawberry.type
class NotificationQuery:
    @strawberry.field(description="Inbox+ of the viewer; what moved last comes first (R38).")
    async def inbox(
        self, info: Info, filter: InboxFilterInput | None = None, first: int | None = None, after: str | None = None
    ) -> InboxConnection:
        viewer = viewer_of(info)
        condition = filter.asked() if filter else InboxFilter()
        about = canonical("inbox", condition)
        window = window_of(about, first=first, after=after)
        stood = await feed_cursor(info)
        page = await notification.page(viewer, condition, window)
        count = partial(notification.count, viewer, condition)
        return connected(InboxConnection, page, about, node=Notification.of, count=count, feed_cursor=stood)


@strawberry.input(one_of=True)
class NotificationSelection:
    ids: list[strawberry.ID] | None = strawberry.UNSET
    matching: InboxFilterInput | None = strawberry.UNSET

    def asked(self) -> Selection:
        ids, matching = given(self.ids), given(self.matching)
        if ids is not None:
            return Selection(ids=tuple(key_of(Kind.NOTIFICATION, entry_id) for entry_id in ids))
        return Selection(matching=matching.asked() if matching else InboxFilter())


@strawberry.input
class MarkNotificationsInput:
    notifications: NotificationSelection
    read: bool = True


@strawberry.type(description="At most 100 of those changed; the feed tells the rest. So too on archiving.")
class MarkNotificationsPayload(Payload):
    notifications: list[Notification] | None = None
    unread_count: int | None = None
    member: TeamMember | None = None


@strawberry.input
class ArchiveNotificationsInput:
    notifications: NotificationSelection
    archived: bool = True


@strawberry.type
class ArchiveNotificationsPayload(Payload):
    notifications: list[Notification] | None = None
    unread_count: int | None = None
    member: TeamMember | None = None


async def notifications_of(info: Info, keys: tuple[UUID, ...]) -> list[Notification]:
    return Notification.of_all(await seen(info.context.loaders.notification, keys))


@strawberry.input
class MemberNotificationSettingInput:
    kind: NotificationKind
    channels: list[NotificationChannel]


@strawberry.input(description="Kinds that are not named stay as they are.")
class SetMemberNotificationSettingsInput:
    settings: list[MemberNotificationSettingInput]

    def wished(self) -> list[NotificationSetting]:
        return [NotificationSetting.of(setting.kind, setting.channels) for setting in self.settings]


@strawberry.type
class SetMemberNotificationSettingsPayload(Payload):
    member: TeamMember | None = None


@strawberry.type
class NotificationMutation:
    @strawberry.mutation(description="The viewer's own. EMAIL and DAILY_DIGEST exclude each other (R38).")
    @refusable(SetMemberNotificationSettingsPayload)
    async def set_member_notification_settings(
        self, info: Info, input: SetMemberNotificationSettingsInput
    ) -> SetMemberNotificationSettingsPayload:
        done = await notification.set_member_settings(viewer_of(info), input.wished())
        return SetMemberNotificationSettingsPayload(member=await me(info), cursor=cursor_of(done))

    @strawberry.mutation
    @refusable(MarkNotificationsPayload)
    async def mark_notifications(self, info: Info, input: MarkNotificationsInput) -> MarkNotificationsPayload:
        done = await notification.mark(viewer_of(info), input.notifications.asked(), read=input.read)
        return MarkNotificationsPayload(
            notifications=await notifications_of(info, done.ids),
            unread_count=await notification.unread_count(viewer_of(info)),
            member=await me(info),
            cursor=cursor_of(done),
        )

    @strawberry.mutation
    @refusable(ArchiveNotificationsPayload)
    async def archive_notifications(self, info: Info, input: ArchiveNotificationsInput) -> ArchiveNotificationsPayload:
        done = await notification.archive(viewer_of(info), input.notifications.asked(), archived=input.archived)
        return ArchiveNotificationsPayload(
            notifications=await notifications_of(info, done.ids),
            unread_count=await notification.unread_count(viewer_of(info)),
            member=await me(info),
            cursor=cursor_of(done),
        )
