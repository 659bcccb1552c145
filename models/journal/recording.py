"""Writing: entries gather during a transaction and get their positions in its last statement."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
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
    entries: list[tuple[object, ...]] = field(default_factory=list)
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
    entry = (
        uuid7(),
        kind,
        clock.now(),
        by.member_id,
        by.user_id if isinstance(by, Client) else None,
        by.source,
        by.run_id,
        *(subject or (None, None)),
        _ids(sorted(set(accounts))),
        _ids(touched),
        None if audience is None else _ids(sorted(audience)),
        orjson.dumps([(change.field, change.before, change.after) for change in changes]).decode(),
    )
    _draft(by.firm_id).entries.append(entry)


def _ids(ids: Iterable[UUID]) -> str:
    """As PostgreSQL writes an array."""
    return f"{{{','.join(map(str, ids))}}}"


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
    statement = _WRITE_AND_NOTIFY if _tell is None else _WRITE
    columns = map(list, zip(*draft.entries, strict=True))
    tx.cursor = await store.value(statement, draft.firm_id, len(draft.entries), *columns)
    if _tell is not None:
        tx.after_commit(partial(_tell, draft.firm_id, tx.cursor))
    for table, stamps in draft.stamps.items():
        back = [min(entries_after, len(draft.entries) - 1) for entries_after in stamps.values()]
        await store.execute(_STAMP.format(table=table), tx.cursor, draft.firm_id, list(stamps), back)


_STAMP = """
UPDATE "{table}" t SET position = $1::bigint - s.back FROM unnest($3::uuid[], $4::bigint[]) AS s(id, back)
WHERE t.firm_id = $2 AND t.id = s.id
"""
# the lists of ids and the changes as text, which PostgreSQL reads in half the time that one document takes it
_ENTRIES = """
WITH head AS (
  UPDATE journal_head SET head = head + $2::bigint WHERE firm_id = $1::uuid RETURNING head
), entries AS (
  INSERT INTO journal_entry (id, firm_id, position, batch, kind, occurred_at, member_id, user_id, by, run_id,
                             subject_type, subject_id, account_ids, touched, audience, changes)
  SELECT e.id, $1, head.head - $2 + n, head.head, e.kind, occurred_at, e.member_id, e.user_id, e.by, e.run_id, e.type,
         e.subject, e.accounts::uuid[], e.touched::uuid[], e.audience::uuid[], e.changes::jsonb
  FROM head, unnest($3::uuid[], $4::text[], $5::timestamptz[], $6::uuid[], $7::uuid[], $8::text[], $9::uuid[],
                    $10::text[], $11::uuid[], $12::text[], $13::text[], $14::text[], $15::text[]) WITH ORDINALITY
    AS e(id, kind, occurred_at, member_id, user_id, by, run_id, type, subject, accounts, touched, audience, changes, n)
)"""
_WRITE = f"{_ENTRIES} SELECT head FROM head"
_WRITE_AND_NOTIFY = f"{_ENTRIES} SELECT head, pg_notify('{CHANNEL}', $1::text || ' ' || head) FROM head"
