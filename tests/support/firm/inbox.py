"""What the tests of Inbox+ share: entries raised, and the letters that there are about them."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from models import notification
from models.ground import clock, store
from models.letter import LetterKind
from models.notification import (
    Conversation,
    InboxFilter,
    NewNotification,
    NotificationChannel,
    NotificationKind,
    NotificationSetting,
    Said,
    Selection,
)
from models.viewer import Actor, Viewer

INBOX, EMAIL, DIGEST = NotificationChannel
RECEIVED, ATTENTION = NotificationKind.EMAIL_RECEIVED, NotificationKind.MAILBOX_NEEDS_ATTENTION
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


async def chosen(by: Viewer, *channels: NotificationChannel, kinds: Collection[NotificationKind] = (RECEIVED,)) -> None:
    """From now on the member hears of these kinds so."""
    await notification.set_member_settings(by, [NotificationSetting.of(kind, channels) for kind in kinds])


def saying(text: str) -> Said:
    """The same in every language."""
    return lambda _: text


async def raised(
    by: Actor,
    text: str = "A letter",
    *,
    about: UUID | Conversation | None = None,
    kind: NotificationKind = RECEIVED,
    **more: Any,
) -> None:
    async with store.transaction():
        await notification.raise_for_team(by, [NewNotification(kind, about or uuid7(), uuid7(), saying(text), **more)])


def at(moment: datetime) -> None:
    """It is that time now, for the firm."""
    clock.set_source(lambda: moment)


async def letters(kind: LetterKind = LetterKind.INBOX_ENTRY, to: Viewer | None = None) -> list[Any]:
    """Facts of all that were written, in their order."""
    query = "SELECT facts FROM letter WHERE kind = $1 AND ($2::uuid IS NULL OR member_id = $2) ORDER BY id"
    return [orjson.loads(row["facts"]) for row in await store.rows(query, kind, to.member_id if to else None)]


async def read_all(by: Viewer) -> None:
    await notification.mark(by, Selection(matching=InboxFilter(archived=None)), read=True)
