"""How each colleague hears of each kind: in Inbox+, by letter, in the digest of the day (R38)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from models import journal
from models.errors import ErrorCode, Faults, Refusal
from models.ground import store
from models.idempotency import Done
from models.notification.notification import NotificationKind
from models.viewer import Viewer


class NotificationChannel(StrEnum):
    """INBOX: listed in Inbox+; without it an entry is archived from the start. EMAIL and DAILY_DIGEST: never both."""

    INBOX = "INBOX"
    EMAIL = "EMAIL"
    DAILY_DIGEST = "DAILY_DIGEST"


@dataclass(frozen=True, slots=True)
class NotificationSetting:
    """No channel: the colleague is not told. Each channel once, in the enum's order."""

    kind: NotificationKind
    channels: tuple[NotificationChannel, ...]

    @classmethod
    def of(cls, kind: NotificationKind, channels: Collection[NotificationChannel]) -> Self:
        return cls(kind, tuple(channel for channel in NotificationChannel if channel in channels))


COLUMNS = "not_in_inbox, by_email, in_digest"
"""Of a colleague's row: kinds that are not as they are from the start, INBOX alone."""


def settings_of(member: Any) -> tuple[NotificationSetting, ...]:
    """All kinds, in the enum's order, from a row with COLUMNS."""
    return tuple(NotificationSetting.of(kind, channels_of(member, kind)) for kind in NotificationKind)


def channels_of(member: Any, kind: NotificationKind) -> frozenset[NotificationChannel]:
    chosen = {
        NotificationChannel.INBOX: kind not in member["not_in_inbox"],
        NotificationChannel.EMAIL: kind in member["by_email"],
        NotificationChannel.DAILY_DIGEST: kind in member["in_digest"],
    }
    return frozenset(channel for channel, on in chosen.items() if on)


async def set_member_settings(by: Viewer, wished: Sequence[NotificationSetting]) -> Done:
    """
    Sets the viewer's own; kinds that are not named stay as they are. A letter that has not been written yet follows the
    new choice. Raises INVALID, all or none: a kind named twice, EMAIL together with DAILY_DIGEST.
    """
    _must_be_clear(wished)
    async with store.transaction(by.firm_id) as tx:
        member = await store.row(_LOCKED, by.firm_id, by.member_id)
        assert member is not None, "a viewer is a colleague"
        before = settings_of(member)
        wished_for = {setting.kind: setting for setting in wished}
        after = tuple(wished_for.get(setting.kind, setting) for setting in before)
        if after != before:
            await store.execute(_SET, by.firm_id, by.member_id, *_columns(after))
            _record(by, before, after)
    return Done((by.member_id,), tx.cursor)


def _must_be_clear(wished: Sequence[NotificationSetting]) -> None:
    kinds: set[NotificationKind] = set()
    faults = Faults()
    for place, setting in enumerate(wished):
        with faults:
            if setting.kind in kinds:
                raise Refusal(ErrorCode.INVALID, "This kind stands twice. Name each kind once.", *_at(place, "kind"))
            kinds.add(setting.kind)
            if {NotificationChannel.EMAIL, NotificationChannel.DAILY_DIGEST}.issubset(setting.channels):
                message = "Choose a letter for each entry or one digest a day, not both."
                raise Refusal(ErrorCode.INVALID, message, *_at(place, "channels"))
    faults.must_be_none()


def _at(place: int, field: str) -> tuple[str | int, ...]:
    return "settings", place, field


_LOCKED = f"SELECT {COLUMNS} FROM team_member WHERE firm_id = $1 AND id = $2 FOR NO KEY UPDATE"
_SET = """
UPDATE team_member SET not_in_inbox = $3::text[], by_email = $4::text[], in_digest = $5::text[]
WHERE firm_id = $1 AND id = $2
"""


def _columns(settings: Sequence[NotificationSetting]) -> tuple[list[NotificationKind], ...]:
    return (
        [setting.kind for setting in settings if NotificationChannel.INBOX not in setting.channels],
        [setting.kind for setting in settings if NotificationChannel.EMAIL in setting.channels],
        [setting.kind for setting in settings if NotificationChannel.DAILY_DIGEST in setting.channels],
    )


def _record(by: Viewer, before: Sequence[NotificationSetting], after: Sequence[NotificationSetting]) -> None:
    subject: tuple[journal.Subject, UUID] = (journal.Subject.TEAM_MEMBER, by.member_id)
    changes = journal.changes_between(_as_told(before), _as_told(after))
    journal.record(journal.JournalKind.MEMBER_CHANGED, by=by, subject=subject, changes=changes)


def _as_told(settings: Sequence[NotificationSetting]) -> dict[str, object]:
    """For the journal: by kind, as `notificationSettings.EMAIL_RECEIVED`."""
    return {f"notificationSettings.{setting.kind}": setting.channels for setting in settings}
