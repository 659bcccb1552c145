"""
Conversations, by Message-ID, References and In-Reply-To; never by subject alone (RFC 5322, 3.6.4).

A message that comes late may join two of them. The older thread stays, and the other's id leads to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from models import journal
from models.email.message import Message
from models.ground import store
from models.viewer import Actor, System

MOST_REFERENCES = 100


@dataclass(frozen=True, slots=True)
class Threads:
    """`of`: the thread of each message, in order. `joined`: by old id, the thread that it is part of now."""

    of: Sequence[UUID]
    joined: Mapping[UUID, UUID]


async def threads_of(by: System, messages: Sequence[Message]) -> Threads:
    """Finds, begins and joins threads, in a few statements for all. Under `history.lock`."""
    return await threads_named(by, [_names(message) for message in messages])


async def threads_named(by: System, names: Sequence[Sequence[str]]) -> Threads:
    """The same, where each message is known by Message-IDs only: its own and those it refers to."""
    refs = await store.rows(_KNOWN, by.firm_id, sorted({name for of_message in names for name in of_message}))
    conversations = _Conversations({ref["message_id"]: ref["thread_id"] for ref in refs})
    threads = [conversations.thread_of(of_message) for of_message in names]
    if joined := conversations.joined():
        await _join(by, joined)
    if new := conversations.newly_named():
        await store.execute(_NAME, by.firm_id, list(new), list(new.values()))
    return Threads([conversations.now(thread) for thread in threads], joined)


async def name(by: Actor, message_id: str, thread_id: UUID) -> None:
    """Puts a new Message-ID into this thread, so that answers to it come there. Under `history.lock`."""
    await store.execute(_NAME, by.firm_id, [message_id], [thread_id])


def _names(message: Message) -> list[str]:
    own = [message.message_id] if message.message_id else []
    return list(dict.fromkeys([*message.references[-MOST_REFERENCES:], *own]))


class _Conversations:
    """Which thread each Message-ID belongs to, and which threads turned out to be one. The oldest stays."""

    def __init__(self, threads: Mapping[str, UUID]) -> None:
        self._known = threads
        self._named = dict(threads)
        self._merged: dict[UUID, UUID] = {}

    def now(self, thread: UUID) -> UUID:
        while thread in self._merged:
            thread = self._merged[thread]
        return thread

    def thread_of(self, names: Sequence[str]) -> UUID:
        threads = sorted({self.now(self._named[name]) for name in names if name in self._named})
        stays = threads[0] if threads else uuid7()
        self._merged |= dict.fromkeys(threads[1:], stays)
        self._named |= dict.fromkeys(names, stays)
        return stays

    def joined(self) -> dict[UUID, UUID]:
        """Without those that began in this batch: nobody has seen their ids."""
        there = set(self._known.values())
        return {old: self.now(old) for old in self._merged if old in there}

    def newly_named(self) -> dict[str, UUID]:
        return {name: self.now(thread) for name, thread in self._named.items() if name not in self._known}


_KNOWN = "SELECT message_id, thread_id FROM thread_ref WHERE firm_id = $1 AND message_id = ANY($2::text[])"
_NAME = """
INSERT INTO thread_ref (id, firm_id, message_id, thread_id)
SELECT gen_random_uuid(), $1, n.message_id, n.thread_id FROM unnest($2::text[], $3::uuid[]) AS n(message_id, thread_id)
"""


async def _join(by: System, into: Mapping[UUID, UUID]) -> None:
    """Tells the feed, for whoever shows e-mails by the old thread."""
    moved = await store.row(_JOIN, by.firm_id, list(into), list(into.values()))
    if moved and moved["emails"]:
        emails = journal.Change("emails", None, str(moved["emails"]))
        journal.record(journal.FeedKind.THREADS_JOINED, by=by, accounts=moved["accounts"] or (), changes=[emails])


# an id that led to a joined thread leads on with it, so that none is looked up twice
_JOIN = """
WITH joined AS MATERIALIZED (SELECT * FROM unnest($2::uuid[], $3::uuid[]) AS j(id, into_id)
), named AS (
  UPDATE thread_ref t SET thread_id = j.into_id FROM joined j WHERE t.firm_id = $1 AND t.thread_id = j.id
), led AS (
  UPDATE thread_alias a SET thread_id = j.into_id FROM joined j WHERE a.firm_id = $1 AND a.thread_id = j.id
), leads AS (
  INSERT INTO thread_alias (id, firm_id, thread_id) SELECT j.id, $1, j.into_id FROM joined j
), moved AS (
  UPDATE email m SET thread_id = j.into_id FROM joined j WHERE m.firm_id = $1 AND m.thread_id = j.id RETURNING m.id
)
SELECT count(DISTINCT m.id) AS emails, array_agg(DISTINCT l.account_id) FILTER (WHERE l.id IS NOT NULL) AS accounts
FROM moved m LEFT JOIN email_account l ON l.firm_id = $1 AND l.email_id = m.id
"""
