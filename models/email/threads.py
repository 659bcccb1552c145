"""Conversations, by Message-ID, References and In-Reply-To; never by subject alone (RFC 5322, 3.6.4)."""

from collections.abc import Sequence
from uuid import UUID

from uuid_utils.compat import uuid7

from models import store

MOST_REFERENCES = 100


async def thread_of(firm_id: UUID, message_id: str | None, references: Sequence[str]) -> UUID:
    """The thread that these ids belong to, made or merged where need be. Under `history.lock`."""
    known_as = list(dict.fromkeys([*references[-MOST_REFERENCES:], *([message_id] if message_id else [])]))
    found = await store.rows(
        "SELECT DISTINCT thread_id FROM thread_ref"
        " WHERE firm_id = $1 AND message_id = ANY($2::text[]) ORDER BY thread_id",
        firm_id,
        known_as,
    )
    threads = [row["thread_id"] for row in found]
    thread_id: UUID = threads[0] if threads else uuid7()
    if len(threads) > 1:
        await _merge(firm_id, threads[1:], thread_id)
    await store.execute(
        "INSERT INTO thread_ref (id, firm_id, message_id, thread_id)"
        " SELECT gen_random_uuid(), $1, message_id, $3 FROM unnest($2::text[]) AS refs(message_id)"
        " ON CONFLICT (firm_id, message_id) DO NOTHING",
        firm_id,
        known_as,
        thread_id,
    )
    return thread_id


async def _merge(firm_id: UUID, others: list[UUID], into: UUID) -> None:
    for table in ("thread_ref", "email"):
        statement = f"UPDATE {table} SET thread_id = $3 WHERE firm_id = $1 AND thread_id = ANY($2::uuid[])"
        await store.execute(statement, firm_id, others, into)
