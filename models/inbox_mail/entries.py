"""A letter for an entry of Inbox+, to whoever wants each by itself (R38)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from models import firm
from models.address import TypedAddress
from models.ground import clock, store
from models.ground.checkpoint import checkpoint
from models.inbox_mail.by_itself import by_itself
from models.inbox_mail.writing import Colleague, ToColleague, write
from models.letter import LetterKind
from models.viewer import System

AT_ONCE = 500
"""Entries of one transaction."""


async def write_entries() -> int:
    """
    Those that are due, firm by firm: how many letters were written. What was read meanwhile, or whose colleague has
    left or wants no letters any more, gets none; what has no room waits for it. A firm's take as many statements for
    500 as for one; a firm that is being worked on just now is left to the next look.
    """
    firms = await store.rows("SELECT DISTINCT firm_id FROM notification WHERE mail_at <= $1", clock.now())
    return sum([await _of_firm(System(firm_id)) for (firm_id,) in firms])


@by_itself
async def _of_firm(by: System) -> int:
    """At most AT_ONCE entries; the others at the next look."""
    async with store.transaction(by.firm_id):
        if not await firm.if_free(by.firm_id):
            return 0
        written = await _write(by, await store.rows(_DUE, by.firm_id, clock.now(), AT_ONCE))
        checkpoint("before letters for entries are committed")
    checkpoint("after letters for entries are committed")
    return written


# one that is moving just now is left to the next look
_DUE = """
SELECT n.id, n.kind, n.text, n.count, n.archived, m.id AS member_id, m.name, m.email, m.email_key,
  m.state = 'ACTIVE' AND n.kind = ANY(m.by_email) AS is_wanted
FROM notification n JOIN team_member m ON m.firm_id = n.firm_id AND m.id = n.member_id
WHERE n.firm_id = $1 AND n.mail_at <= $2 ORDER BY n.mail_at, n.position, n.id LIMIT $3
FOR NO KEY UPDATE OF n SKIP LOCKED
"""


async def _write(by: System, due: Sequence[Any]) -> int:
    if not due:
        return 0
    entries = [entry for entry in due if entry["is_wanted"]]
    waits = await write(by, LetterKind.INBOX_ENTRY, [_letter(entry) for entry in entries]) if entries else []
    later = {entry["id"]: at for entry, at in zip(entries, waits, strict=True) if at}
    written = [entry["id"] for entry in entries if entry["id"] not in later]
    await _note(by, [entry["id"] for entry in due], written, later)
    return len(written)


def _letter(entry: Any) -> ToColleague:
    to = Colleague(entry["member_id"], entry["name"], TypedAddress(entry["email"], entry["email_key"]))
    return ToColleague(to, {"entry": {name: entry[name] for name in ("kind", "text", "count", "archived")}})


async def _note(by: System, due: Sequence[UUID], written: Sequence[UUID], later: dict[UUID, datetime]) -> None:
    waits = [later.get(entry_id) for entry_id in due]
    await store.execute(_NOTE, by.firm_id, clock.now(), due, waits, [entry_id in written for entry_id in due])


_NOTE = """
UPDATE notification n SET mail_at = d.later, mailed_at = CASE WHEN d.written THEN $2 ELSE n.mailed_at END,
  mail_unread = n.mail_unread OR d.written
FROM unnest($3::uuid[], $4::timestamptz[], $5::bool[]) AS d(id, later, written) WHERE n.firm_id = $1 AND n.id = d.id
"""
