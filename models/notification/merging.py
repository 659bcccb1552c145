"""When threads turn out to be one, their entries of Inbox+ that are about the same become one (R38)."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from models.ground import clock, store
from models.notification.conversation import Conversation
from models.notification.raising import MAILS_AGAIN
from models.notification.telling import tell
from models.viewer import Actor

GONE_KEPT_FOR = timedelta(days=30)
"""How long merged entries are kept: longer than any feed reaches back."""


async def merge(by: Actor, joined: Mapping[UUID, UUID]) -> None:
    """
    `joined`: by old id, the thread that it is part of now. The entry that moved last stays in its place and takes over
    the messages of the others; it is unread where any of them is, archived where all are. The others are gone from all
    lists, and the feed tells them as read and archived.

    A few statements, whatever there is to merge. Inside a transaction.
    """
    entries = await store.rows(_OF_THREADS, by.firm_id, [*joined, *set(joined.values())])
    merging = [(about, same) for about, same in _together(entries, joined).items() if _changes(same, joined)]
    if not merging:
        return
    gone = [entry["id"] for _, same in merging for entry in same[:-1]]
    columns = map(list, zip(*(_columns(about, same) for about, same in merging), strict=True))
    await store.execute(_GO, by.firm_id, gone, clock.now())
    await store.execute(_STAY, by.firm_id, *columns)
    tell(by, ((entry["member_id"], entry["id"]) for _, same in merging for entry in same))


_OF_THREADS = """
SELECT * FROM notification WHERE firm_id = $1 AND thread_id = ANY($2::uuid[]) AND gone_at IS NULL
ORDER BY position, id FOR NO KEY UPDATE
"""
_About = tuple[UUID, UUID, UUID]
"""Whose entry, of which thread, and what it is about."""


def _together(entries: Sequence[Any], joined: Mapping[UUID, UUID]) -> dict[_About, list[Any]]:
    """Entries that are about the same now, in the order in which they moved."""
    same: dict[_About, list[Any]] = defaultdict(list)
    for entry in entries:
        same[entry["member_id"], *_now_about(entry, joined)].append(entry)
    return same


def _now_about(entry: Any, joined: Mapping[UUID, UUID]) -> tuple[UUID, UUID]:
    if into := joined.get(entry["thread_id"]):
        return into, Conversation(into, tuple(entry["senders"])).key
    return entry["thread_id"], entry["about"]


def _changes(same: Sequence[Any], joined: Mapping[UUID, UUID]) -> bool:
    return len(same) > 1 or same[0]["thread_id"] in joined


def _columns(about: _About, same: Sequence[Any]) -> Iterator[object]:
    """For `_STAY`."""
    unread = [entry for entry in same if not entry["read"]]
    mailed_at = max((entry["mailed_at"] for entry in same if entry["mailed_at"]), default=None)
    yield from (same[-1]["id"], *about[1:])
    yield sum(entry["count"] for entry in unread) or same[-1]["count"]
    yield from (not unread, _in_all(same, "archived"))
    yield " ".join(sorted({str(account) for entry in unread or same for account in entry["account_ids"]}))
    yield from (_letter_due(same, mailed_at), mailed_at, any(entry["mail_unread"] for entry in same))
    yield _first(same, "digest_since")


def _in_all(same: Sequence[Any], column: str) -> bool:
    return all(entry[column] for entry in same)


def _first(same: Collection[Any], column: str) -> datetime | None:
    return min((entry[column] for entry in same if entry[column]), default=None)


def _letter_due(same: Sequence[Any], mailed_at: datetime | None) -> datetime | None:
    """No letter while the last one is unread; where the entry is not in Inbox+, an hour after it."""
    due = _first(same, "mail_at")
    if due is None or mailed_at is None:
        return due
    if not _in_all(same, "archived"):
        return None if any(entry["mail_unread"] for entry in same) else due
    return max(due, min(mailed_at, clock.now()) + MAILS_AGAIN)


_GO = """
UPDATE notification SET gone_at = $3, about = id, read = true, archived = true, mail_at = NULL, mail_unread = false,
  digest_since = NULL
WHERE firm_id = $1 AND id = ANY($2::uuid[])
"""
# an earlier release may have made the same just now, and does not say of which thread: then both stay
_STAY = """
UPDATE notification n SET thread_id = s.thread_id, about = s.about, count = s.count, read = s.read,
  archived = s.archived, account_ids = string_to_array(s.accounts, ' ')::uuid[], mail_at = s.mail_at,
  mailed_at = s.mailed_at, mail_unread = s.mail_unread, digest_since = s.digest_since
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::int[], $6::bool[], $7::bool[], $8::text[], $9::timestamptz[],
            $10::timestamptz[], $11::bool[], $12::timestamptz[])
  AS s(id, thread_id, about, count, read, archived, accounts, mail_at, mailed_at, mail_unread, digest_since)
WHERE n.firm_id = $1 AND n.id = s.id AND NOT EXISTS (
  SELECT 1 FROM notification o WHERE o.firm_id = $1 AND o.member_id = n.member_id AND o.kind = n.kind
    AND o.about = s.about AND o.id <> s.id)
"""
