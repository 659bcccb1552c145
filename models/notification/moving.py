"""Entries come, and those of one thread collapse into one that moves to the top."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from models import journal
from models.ground import clock, store
from models.notification.table import NotificationKind
from models.viewer import Actor


@dataclass(frozen=True, slots=True)
class NewNotification:
    """`about`: what collapses into one entry, such as the thread. `only`: for that member alone, unless gone."""

    kind: NotificationKind
    about: UUID
    subject_id: UUID
    text: str
    only: UUID | None = None


async def raise_for_team(by: Actor, news: Sequence[NewNotification]) -> None:
    """
    A new entry of each for every team member, or theirs of this thread anew: unread, on top, counting; in order.

    As many statements for 500 as for one. Runs inside a transaction.
    """
    if not news:
        return
    members = "SELECT id FROM team_member WHERE firm_id = $1 AND state = 'ACTIVE' ORDER BY id"
    team = [row["id"] for row in await store.rows(members, by.firm_id)]
    if not team:
        return
    collapsed = _collapsed(news, team)
    raised = await store.rows(_RAISE, by.firm_id, clock.now(), *map(list, zip(*_columns(collapsed), strict=True)))
    for row in raised:
        journal.stamp("notification", row["id"], firm_id=by.firm_id)
    touched, audience = [row["id"] for row in raised], {row["member_id"] for row in raised}
    journal.record(journal.FeedKind.NOTIFICATIONS_MOVED, by=by, touched=touched, audience=audience)


@dataclass(slots=True)
class _Entry:
    """One member's, of all that is about the same: the last one's words."""

    last: NewNotification
    count: int = 0


_Entries = dict[tuple[UUID, NotificationKind, UUID], _Entry]


def _collapsed(news: Sequence[NewNotification], team: Sequence[UUID]) -> _Entries:
    """A statement cannot touch a row twice."""
    entries: _Entries = {}
    for new in news:
        for member_id in [new.only] if new.only in team else team:
            assert member_id is not None
            entry = entries.setdefault((member_id, new.kind, new.about), _Entry(new))
            entry.last, entry.count = new, entry.count + 1
    return entries


def _columns(entries: _Entries) -> Iterator[tuple[object, ...]]:
    for (member_id, kind, about), entry in entries.items():
        yield uuid7(), member_id, kind, about, entry.last.subject_id, entry.last.text.strip()[:500], entry.count


_RAISE = """
INSERT INTO notification AS n (id, firm_id, member_id, kind, about, subject_id, text, count, read, archived,
                               occurred_at, position)
SELECT m.id, $1, m.member_id, m.kind, m.about, m.subject_id, m.text, m.count, false, false, $2, 0
FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::uuid[], $8::text[], $9::int[])
  AS m(id, member_id, kind, about, subject_id, text, count)
ON CONFLICT (firm_id, member_id, kind, about) DO UPDATE SET
  subject_id = excluded.subject_id, text = excluded.text, occurred_at = excluded.occurred_at,
  count = CASE WHEN n.read THEN excluded.count ELSE n.count + excluded.count END, read = false, archived = false
RETURNING id, member_id
"""
