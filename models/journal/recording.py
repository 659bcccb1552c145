"""Writing: entries gather during a transaction and get their positions in its last statement."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import orjson
from uuid_utils import uuid7

from models.ground import clock, store
from models.ground.store.named import CHANNEL
from models.journal.entry import Change, Subject
from models.viewer import Actor, Client


@dataclass(slots=True)
class _Draft:
    firm_id: UUID
    entries: list[dict[str, Any]] = field(default_factory=list)
    stamps: dict[str, dict[UUID, int]] = field(default_factory=dict)


_drafts: WeakKeyDictionary[store.Transaction, _Draft] = WeakKeyDictionary()
Tell = Callable[[UUID, int], None]
_tell: Tell | None = None


def wake_by(tell: Tell | None) -> None:
    """From now on wake-ups go by `tell`, after the commit; None: by the database, with the commit."""
    global _tell
    _tell = tell


def record(
    kind: str,
    *,
    by: Actor,
    subject: tuple[Subject, UUID] | None = None,
    accounts: Iterable[UUID] = (),
    touched: Iterable[UUID] = (),
    audience: Iterable[UUID] | None = None,
    changes: Iterable[Change] = (),
) -> None:
    """
    Writes an entry with the transaction that this runs in.

    `accounts` are those it concerns, `touched` the rows that a feed reads again, `audience` the only team members who
    may learn of it (None: all).
    """
    _draft(by.firm_id).entries.append(
        {
            "id": str(uuid7()),
            "kind": kind,
            "occurred_at": clock.now().isoformat(),
            "member_id": by.member_id,
            "user_id": by.user_id if isinstance(by, Client) else None,
            "by": by.source,
            "run_id": by.run_id,
            "subject_type": subject[0] if subject else None,
            "subject_id": subject[1] if subject else None,
            "account_ids": sorted(set(accounts)),
            "touched": list(touched),
            "audience": None if audience is None else sorted(audience),
            "changes": [[change.field, change.before, change.after] for change in changes],
        }
    )


def stamp(table: str, row_id: UUID, *, firm_id: UUID, back: int = 0) -> None:
    """
    Sets column `position` of a row to the cursor of this transaction once that is known, less `back`, so that rows
    which it changes have an order among them; but never below the transaction's own first position.
    """
    _draft(firm_id).stamps.setdefault(table, {})[row_id] = back


def changes_between(before: Mapping[str, object], after: Mapping[str, object]) -> list[Change]:
    """What differs, field by field; the keys are the API's names."""
    return [
        Change(name, as_text(before.get(name)), as_text(value))
        for name, value in after.items()
        if before.get(name) != value
    ]


def as_text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return " ".join(filter(None, map(as_text, value)))
    return str(value.value) if isinstance(value, Enum) else str(value)


def _draft(firm_id: UUID) -> _Draft:
    tx = store.current()
    if (draft := _drafts.get(tx)) is None:
        draft = _drafts[tx] = _Draft(firm_id)
        tx.at_the_end("journal", partial(_write, tx, draft))
    assert draft.firm_id == firm_id, "a transaction belongs to one firm"
    return draft


async def _write(tx: store.Transaction, draft: _Draft) -> None:
    if not draft.entries:
        return
    entries = orjson.dumps(draft.entries, default=str).decode()  # asyncpg's UUID is a class of its own
    statement = _WRITE_AND_NOTIFY if _tell is None else _WRITE
    tx.cursor = await store.value(statement, draft.firm_id, entries, len(draft.entries))
    if _tell is not None:
        tx.after_commit(partial(_tell, draft.firm_id, tx.cursor))
    for table, stamps in draft.stamps.items():
        back = [min(entries_after, len(draft.entries) - 1) for entries_after in stamps.values()]
        await store.execute(_STAMP.format(table=table), tx.cursor, draft.firm_id, list(stamps), back)


_STAMP = """
UPDATE "{table}" t SET position = $1::bigint - s.back FROM unnest($3::uuid[], $4::bigint[]) AS s(id, back)
WHERE t.firm_id = $2 AND t.id = s.id
"""
_ENTRIES = """
WITH head AS (
  UPDATE journal_head SET head = head + $3::bigint WHERE firm_id = $1::uuid RETURNING head
), entries AS (
  INSERT INTO journal_entry (id, firm_id, position, batch, kind, occurred_at, member_id, user_id, by, run_id,
                             subject_type, subject_id, account_ids, touched, audience, changes)
  SELECT (e->>'id')::uuid, $1, head.head - $3 + n, head.head, e->>'kind', (e->>'occurred_at')::timestamptz,
         (e->>'member_id')::uuid, (e->>'user_id')::uuid, e->>'by', (e->>'run_id')::uuid,
         e->>'subject_type', (e->>'subject_id')::uuid,
         ARRAY(SELECT jsonb_array_elements_text(e->'account_ids'))::uuid[],
         ARRAY(SELECT jsonb_array_elements_text(e->'touched'))::uuid[],
         CASE WHEN e->'audience' <> 'null' THEN ARRAY(SELECT jsonb_array_elements_text(e->'audience'))::uuid[] END,
         e->'changes'
  FROM head, jsonb_array_elements($2::text::jsonb) WITH ORDINALITY AS drafts(e, n)
)"""
_WRITE = f"{_ENTRIES} SELECT head FROM head"
_WRITE_AND_NOTIFY = f"{_ENTRIES} SELECT head, pg_notify('{CHANNEL}', $1::text || ' ' || head) FROM head"
