"""Entries come, and those of one thread collapse into one that moves to the top."""

from uuid import UUID

from uuid_utils.compat import uuid7

from models import journal
from models.ground import clock, store
from models.notification.table import NotificationKind
from models.viewer import Actor


async def raise_for_team(
    by: Actor, kind: NotificationKind, *, about: UUID, subject_id: UUID, text: str, only: UUID | None = None
) -> None:
    """
    A new entry for every team member, or theirs of this thread anew: unread, on top, counting. In a transaction.

    `only`: for that one alone, unless gone.
    """
    members = "SELECT id FROM team_member WHERE firm_id = $1 AND state = 'ACTIVE' ORDER BY id"
    team = [row["id"] for row in await store.rows(members, by.firm_id)]
    member_ids = [each for each in team if each == only] or team
    if not member_ids:
        return
    ids = [uuid7() for _ in member_ids]
    found = await store.rows(
        _RAISE, by.firm_id, ids, member_ids, kind, about, subject_id, text.strip()[:500], clock.now()
    )
    for row in found:
        journal.stamp("notification", row["id"], firm_id=by.firm_id)
    touched = [row["id"] for row in found]
    journal.record(journal.FeedKind.NOTIFICATIONS_MOVED, by=by, touched=touched, audience=member_ids)


_RAISE = """
INSERT INTO notification AS n (id, firm_id, member_id, kind, about, subject_id, text, count, read, archived,
                               occurred_at, position)
SELECT m.id, $1, m.member_id, $4, $5, $6, $7, 1, false, false, $8, 0
FROM unnest($2::uuid[], $3::uuid[]) AS m(id, member_id)
ON CONFLICT (firm_id, member_id, kind, about) DO UPDATE SET
  subject_id = excluded.subject_id, text = excluded.text, occurred_at = excluded.occurred_at,
  count = CASE WHEN n.read THEN 1 ELSE n.count + 1 END, read = false, archived = false
RETURNING id
"""
