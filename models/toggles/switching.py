"""The one writer of switches and preferences."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar
from uuid import UUID

from models import journal, notification
from models.access import lose_access
from models.email import history
from models.errors import DeadLinkReason
from models.ground import clock, store
from models.journal import Change, JournalKind, Subject
from models.notification import NewNotification, NotificationKind
from models.notification_category import NotificationCategory
from models.our_own import OurOwn
from models.toggles.locking import LockedSwitches, Toggles, lock_where
from models.toggles.switches import SWITCHES, Switch, Wanted
from models.viewer import Actor

Locked = TypeVar("Locked", bound=LockedSwitches)


async def switch(
    by: Actor, changes: Sequence[tuple[Locked, Wanted]], *, why: DeadLinkReason = DeadLinkReason.LOGIN_OFF
) -> list[Locked]:
    """
    Sets locked toggles as `changes` say; answers those that are another now, each with an entry for its switches and
    one for its preferences. Asks nobody: the caller has checked. Where Login goes off, access is lost; `why` is what
    the links of invitations then say (R9).

    Runs inside a transaction, under `history.lock` where Email sync goes on.
    """
    after = [(before, _switched(before, how)) for before, how in changes]
    changed = [(before, now) for before, now in after if now is not before]
    if not changed:
        return []
    await _write(by, [now for _, now in changed])
    for before, now in changed:
        _record(by, before, now)
    lost = [(now.account_id, now.address_id) for before, now in changed if before.login and not now.login]
    await lose_access(by, lost, why)
    if synced := [now.address_id for before, now in changed if Switch.EMAIL_SYNC in now.on - before.on]:
        await history.wanted(by, synced)
    return [now for _, now in changed]


def _switched(before: Locked, how: Wanted) -> Locked:
    on = frozenset(setting for setting in SWITCHES if how.get(setting, setting in before.on))
    muted = frozenset(category for category in _CATEGORIES if not how.get(category, category not in before.muted))
    if (on, muted) == (before.on, before.muted):
        return before
    return replace(before, on=on, muted=muted, version=before.version + 1)


_CATEGORIES = tuple(NotificationCategory)


async def _write(by: Actor, changed: Sequence[LockedSwitches]) -> None:
    ids = [toggles.id for toggles in changed]
    muted = [" ".join(category for category in _CATEGORIES if category in toggles.muted) for toggles in changed]
    switches = ([setting in toggles.on for toggles in changed] for setting in SWITCHES)
    await store.execute(store.for_many(_WRITE, ids), by.firm_id, ids, muted, clock.now(), *switches)


# as a SELECT the number of ids is hidden: for a single one PostgreSQL would plan it anew each time, for a tenth of all
_WRITE = f"""
UPDATE toggles t SET {", ".join(f"{column} = n.{column}" for column in Switch)}, muted = string_to_array(n.muted, ' '),
  email_sync_since = CASE WHEN n.email_sync THEN coalesce(t.email_sync_since, $4) END, version = t.version + 1
FROM unnest((SELECT $2::uuid[]), $3::text[], {", ".join(f"${place}::bool[]" for place, _ in enumerate(Switch, 5))})
  AS n(id, muted, {", ".join(Switch)}), LATERAL (
  SELECT o.id FROM toggles o WHERE o.firm_id = {store.FIRM} AND o.id = n.id LIMIT 1) o
WHERE t.id = o.id
"""


def _record(by: Actor, before: LockedSwitches, now: LockedSwitches) -> None:
    for kind, changes in (
        (JournalKind.TOGGLES_CHANGED, _of_switches(before.on, now.on)),
        (JournalKind.PREFERENCES_CHANGED, _of_preferences(before.muted, now.muted)),
    ):
        if changes:
            subject = (Subject.TOGGLES, now.id)
            journal.record(kind, by=by, subject=subject, accounts=[now.account_id], touched=[now.id], changes=changes)


# a bulk update makes the same changes thousands of times
@lru_cache
def _of_switches(before: frozenset[Switch], now: frozenset[Switch]) -> Sequence[Change]:
    return journal.changes_between(*({setting.api_name: setting in on for setting in SWITCHES} for on in (before, now)))


@lru_cache
def _of_preferences(before: frozenset[NotificationCategory], now: frozenset[NotificationCategory]) -> Sequence[Change]:
    was, is_now = ({category.value: category not in off for category in _CATEGORIES} for off in (before, now))
    return journal.changes_between(was, is_now)


async def remember(by: Actor, contact_id: UUID, unlinked: Sequence[Toggles]) -> None:
    """An unlinked email remembers its former contact (R41)."""
    if unlinked:
        await store.execute(_REMEMBER, by.firm_id, contact_id, [toggles.id for toggles in unlinked])


_REMEMBER = "UPDATE toggles SET former_contact_id = $2 WHERE firm_id = $1 AND id = ANY($3::uuid[])"


async def end_email_sync(by: Actor, key: str, *, of: OurOwn) -> None:
    """
    For an address that became the firm's own (R46), with a word in Inbox+; `of`: whose it is now.

    Runs inside a transaction, under `history.lock`, so that nobody switches it on just now.
    """
    synced = await lock_where(by, "t.email_sync AND e.key = $2", key)
    if ended := await switch(by, [(toggles, {Switch.EMAIL_SYNC: False}) for toggles in synced]):
        await _tell_of_the_end(by, ended, of)


async def _tell_of_the_end(by: Actor, ended: Sequence[Toggles], of: OurOwn) -> None:
    first, names = ended[0], [toggles.account_name for toggles in ended]
    new = NewNotification(
        *(NotificationKind.EMAIL_SYNC_ENDED, first.id, first.id),
        lambda words: words.email_sync_ended(first.address.text, of, names),
        accounts=tuple(toggles.account_id for toggles in ended),
    )
    await notification.raise_for_team(by, [new])
