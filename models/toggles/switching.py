"""The one writer of switches."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from models import journal, notification
from models.access import lose_access
from models.email import history
from models.errors import DeadLinkReason
from models.ground import store
from models.journal import JournalKind, Subject
from models.notification import NewNotification, NotificationKind
from models.toggles.locking import Toggles, lock_where
from models.toggles.switches import Switch, Wanted
from models.viewer import Actor


async def switch(
    by: Actor, wanted: Sequence[tuple[Toggles, Wanted]], *, why: DeadLinkReason = DeadLinkReason.LOGIN_OFF
) -> list[Toggles]:
    """
    Sets locked toggles as wanted, with an entry for each that changes; answers those, as they are now. Asks nobody: the
    caller has checked. Where Login goes off, access is lost; `why` is what the links of invitations then say (R9).

    Runs inside a transaction, under `history.lock` where Email sync goes on.
    """
    after = [(before, _switched(before, how)) for before, how in wanted]
    changed = [(before, now) for before, now in after if before.on != now.on]
    if not changed:
        return []
    await _write(by, [now for _, now in changed])
    for before, now in changed:
        _record(by, before, now)
    lost = [(now.account_id, now.address_id) for before, now in changed if before.login and not now.login]
    await lose_access(by, lost, why)
    if synced := [now.address_id for before, now in changed if Switch.EMAIL_SYNC in now.on - before.on]:
        await history.wanted(by.firm_id, synced)
    return [now for _, now in changed]


def _switched(before: Toggles, wanted: Wanted) -> Toggles:
    on = frozenset(each for each in Switch if wanted.get(each, each in before.on))
    return before if on == before.on else replace(before, on=on, version=before.version + 1)


async def _write(by: Actor, changed: Sequence[Toggles]) -> None:
    ids = [toggles.id for toggles in changed]
    await store.execute(_WRITE, by.firm_id, ids, *([each in toggles.on for toggles in changed] for each in Switch))


_WRITE = f"""
UPDATE toggles t SET {", ".join(f"{each} = n.{each}" for each in Switch)}, version = t.version + 1
FROM unnest($2::uuid[], {", ".join(f"${place}::bool[]" for place, _ in enumerate(Switch, 3))})
  AS n(id, {", ".join(Switch)})
WHERE t.firm_id = $1 AND t.id = n.id
"""


def _record(by: Actor, before: Toggles, now: Toggles) -> None:
    journal.record(
        JournalKind.TOGGLES_CHANGED,
        by=by,
        subject=(Subject.TOGGLES, now.id),
        accounts=[now.account_id],
        touched=[now.id],
        changes=journal.changes_between(
            {each.api_name: each in before.on for each in Switch}, {each.api_name: each in now.on for each in Switch}
        ),
    )


async def remember(by: Actor, contact_id: UUID, unlinked: Sequence[Toggles]) -> None:
    """An unlinked email remembers its former contact (R41)."""
    if unlinked:
        await store.execute(_REMEMBER, by.firm_id, contact_id, [toggles.id for toggles in unlinked])


_REMEMBER = "UPDATE toggles SET former_contact_id = $2 WHERE firm_id = $1 AND id = ANY($3::uuid[])"


async def end_email_sync(by: Actor, key: str, *, of: str) -> None:
    """
    For an address that became the firm's own (R46), with a word in Inbox+; `of`: whose it is now.

    Runs inside a transaction, under `history.lock`, so that nobody switches it on just now.
    """
    synced = await lock_where(by, "t.email_sync AND e.key = $2", key)
    if ended := await switch(by, [(toggles, {Switch.EMAIL_SYNC: False}) for toggles in synced]):
        first, names = ended[0], ", ".join(toggles.account_name for toggles in ended)
        text = f"Email sync of {first.address.text} is off, for it is the address of {of} now: {names}"
        new = NewNotification(NotificationKind.EMAIL_SYNC_ENDED, first.id, first.id, text)
        await notification.raise_for_team(by, [new])
