"""The digest of the day: what came to Inbox+ since the last one, to whoever wants it so (R38)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from tortoise import Model, fields
from uuid_utils.compat import uuid7

from models import firm
from models.address import TypedAddress
from models.ground import clock, store
from models.ground.checkpoint import checkpoint
from models.inbox_mail.by_itself import by_itself
from models.inbox_mail.morning import ZONE, Morning, mornings
from models.inbox_mail.writing import Colleague, ToColleague, write
from models.letter import LetterKind
from models.viewer import System

KEPT_FOR = timedelta(days=365)
"""A clock that is set back further may bring a digest twice."""
MOST_ENTRIES = 50
"""Of one digest; it says how many more there are."""


class InboxDigest(Model):
    """
    Written with its letter: there is one for a colleague and a day, whatever clocks say. `day`: as it is at the firm.
    """

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    member_id = fields.UUIDField()
    day = fields.DateField()
    written_at = fields.DatetimeField()

    class Meta:
        table = "inbox_digest"
        unique_together = (("firm_id", "id"), ("firm_id", "member_id", "day"))


async def write_digests() -> int:
    """
    All that are due, firm by firm: how many letters were written. A colleague gets one for a day at most, whatever the
    clocks do and however many workers look; none where nothing came. What has no room is tried at the next look, as is
    a firm that is being worked on just now. A firm's take as many statements for 40 colleagues as for one.
    """
    by_zone = {morning.zone: morning for morning in await mornings()}
    firms = await store.rows(_FIRMS, *_columns(list(by_zone.values())))
    return sum([await _of_firm(System(firm_id), by_zone[zone]) for firm_id, zone in firms])


def _columns(mornings: Sequence[Morning]) -> tuple[list[object], ...]:
    columns = zip(*((morning.zone, morning.day, morning.at) for morning in mornings), strict=True)
    return tuple(map(list, columns)) or ([], [], [])


# the colleagues who have had theirs are left out, whatever waits for tomorrow's
_FIRMS = f"""
SELECT DISTINCT f.id AS firm_id, z.zone
FROM unnest($1::text[], $2::date[], $3::timestamptz[]) AS z(zone, day, at)
JOIN firm f ON {ZONE} = z.zone JOIN team_member m ON m.firm_id = f.id
WHERE EXISTS (SELECT 1 FROM notification n WHERE n.firm_id = m.firm_id AND n.member_id = m.id AND n.digest_since < z.at)
  AND NOT EXISTS (SELECT 1 FROM inbox_digest d WHERE d.firm_id = m.firm_id AND d.member_id = m.id AND d.day = z.day)
"""


@by_itself
async def _of_firm(by: System, morning: Morning) -> int:
    async with store.transaction(by.firm_id):
        if not await firm.if_free(by.firm_id):
            return 0
        waiting = await store.rows(_WAITING, by.firm_id, morning.at, morning.day, MOST_ENTRIES)
        written = await _write(by, morning, waiting)
        checkpoint("before digests are committed")
    checkpoint("after digests are committed")
    return written


# looked at anew, under the firm's lock: another worker may have been first
_WAITING = """
SELECT m.id AS member_id, m.name, m.email, m.email_key, these.entries, these.kinds, these.texts, these.counts
FROM team_member m CROSS JOIN LATERAL (
  SELECT max(n.entries) AS entries, array_agg(n.kind ORDER BY n.position DESC, n.id) AS kinds,
    array_agg(n.text ORDER BY n.position DESC, n.id) AS texts,
    array_agg(n.count ORDER BY n.position DESC, n.id) AS counts
  FROM (
    SELECT w.*, count(*) OVER () AS entries FROM notification w
    WHERE w.firm_id = m.firm_id AND w.member_id = m.id AND w.digest_since < $2
      AND m.state = 'ACTIVE' AND w.kind = ANY(m.in_digest)
    ORDER BY w.position DESC, w.id LIMIT $4) n
) these
WHERE m.firm_id = $1
  AND EXISTS (SELECT 1 FROM notification n WHERE n.firm_id = $1 AND n.member_id = m.id AND n.digest_since < $2)
  AND NOT EXISTS (SELECT 1 FROM inbox_digest d WHERE d.firm_id = $1 AND d.member_id = m.id AND d.day = $3)
ORDER BY m.id
"""


async def _write(by: System, morning: Morning, waiting: Sequence[Any]) -> int:
    if not waiting:
        return 0
    digests = [digest for digest in waiting if digest["entries"]]
    waits = await write(by, LetterKind.INBOX_DIGEST, [_letter(digest) for digest in digests]) if digests else []
    full = {digest["member_id"] for digest, at in zip(digests, waits, strict=True) if at}
    written = [digest["member_id"] for digest in digests if digest["member_id"] not in full]
    checkpoint("after the letters of digests are written")
    ids = [uuid7() for _ in written]
    await store.execute(_KEEP, by.firm_id, ids, written, morning.day, clock.now())
    done = [digest["member_id"] for digest in waiting if digest["member_id"] not in full]
    await store.execute(_TOLD, by.firm_id, done, morning.at)
    return len(written)


_KEEP = """
INSERT INTO inbox_digest (id, firm_id, member_id, day, written_at)
SELECT d.id, $1, d.member_id, $4, $5 FROM unnest($2::uuid[], $3::uuid[]) AS d(id, member_id)
"""
_TOLD = """
UPDATE notification SET digest_since = NULL
WHERE firm_id = $1 AND member_id = ANY($2::uuid[]) AND digest_since < $3
"""


def _letter(digest: Any) -> ToColleague:
    to = Colleague(digest["member_id"], digest["name"], TypedAddress(digest["email"], digest["email_key"]))
    columns = zip(digest["kinds"], digest["texts"], digest["counts"], strict=True)
    entries = [{"kind": kind, "text": text, "count": count} for kind, text, count in columns]
    return ToColleague(to, {"entries": entries, "more": digest["entries"] - len(entries)})
