"""Conversations, by Message-ID, References and In-Reply-To; never by subject alone (RFC 5322, 3.6.4)."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from uuid_utils.compat import uuid7

from models.email.message import Message
from models.ground import store

MOST_REFERENCES = 100


async def threads_of(firm_id: UUID, messages: Sequence[Message]) -> list[UUID]:
    """The thread of each, made or merged where need be, in a few statements for all. Under `history.lock`."""
    names = [_names(message) for message in messages]
    found = await store.rows(_KNOWN, firm_id, sorted({name for each in names for name in each}))
    known: dict[str, UUID] = {row["message_id"]: row["thread_id"] for row in found}
    conversations = _Conversations(known)
    threads = [conversations.thread_of(each) for each in names]
    if conversations.merged:
        await _merge(firm_id, {old: conversations.now(old) for old in conversations.merged})
    if fresh := {name: conversations.now(thread) for name, thread in conversations.named.items() if name not in known}:
        await store.execute(_NAME, firm_id, list(fresh), list(fresh.values()))
    return [conversations.now(thread) for thread in threads]


def _names(message: Message) -> list[str]:
    own = [message.message_id] if message.message_id else []
    return list(dict.fromkeys([*message.references[-MOST_REFERENCES:], *own]))


class _Conversations:
    """Which thread each Message-ID belongs to, and which threads turned out to be one. The oldest stays."""

    def __init__(self, known: Mapping[str, UUID]) -> None:
        self.named = dict(known)
        self.merged: dict[UUID, UUID] = {}

    def now(self, thread: UUID) -> UUID:
        while thread in self.merged:
            thread = self.merged[thread]
        return thread

    def thread_of(self, names: Sequence[str]) -> UUID:
        threads = sorted({self.now(self.named[name]) for name in names if name in self.named})
        stays = threads[0] if threads else uuid7()
        self.merged |= dict.fromkeys(threads[1:], stays)
        self.named |= dict.fromkeys(names, stays)
        return stays


_KNOWN = "SELECT message_id, thread_id FROM thread_ref WHERE firm_id = $1 AND message_id = ANY($2::text[])"
_NAME = """
INSERT INTO thread_ref (id, firm_id, message_id, thread_id)
SELECT gen_random_uuid(), $1, n.message_id, n.thread_id FROM unnest($2::text[], $3::uuid[]) AS n(message_id, thread_id)
"""


async def _merge(firm_id: UUID, into: Mapping[UUID, UUID]) -> None:
    for table in ("thread_ref", "email"):
        statement = f"""UPDATE {table} t SET thread_id = n.into_id
          FROM unnest($2::uuid[], $3::uuid[]) AS n(id, into_id) WHERE t.firm_id = $1 AND t.thread_id = n.id"""
        await store.execute(statement, firm_id, list(into), list(into.values()))
