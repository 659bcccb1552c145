"""
Attachments go to the Documents of the accounts that their message is linked to (R20): those of arrivals from a client,
received after Email sync and auto-save were both on. A batch of messages takes four statements at the most.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from models import journal
from models.document.document import NotSavedReason
from models.document.naming import Names
from models.ground import clock, store
from models.journal import Change, JournalKind, Subject
from models.viewer import System

Link = tuple[UUID, UUID]
"""An email and an account that it was newly linked to."""


@dataclass(frozen=True, slots=True)
class _Saved:
    """An attachment saved in an account's Documents, under a name that was free there."""

    id: UUID
    attachment: Any
    name: str


async def save(by: System, links: Sequence[Link]) -> None:
    """
    Saves the attachments of these links' messages, and notes on each of the others why it was not saved. Inside a
    transaction, under `history.lock`, so that nobody else takes a name meanwhile.
    """
    if not links:
        return
    candidates = await store.rows(_CANDIDATES, by.firm_id, *map(list, zip(*links, strict=True)))
    due = [candidate for candidate in candidates if candidate["reason"] is None]
    names = await _names(by, {candidate["account_id"] for candidate in due})
    saved = [
        _Saved(uuid7(), candidate, name)
        for candidate in due
        if (name := names[candidate["account_id"]].take(candidate["name"], candidate["size"])) is not None
    ]
    await _insert(by, saved)
    await _explain(by, candidates, saved)
    _record(by, saved)


_SYNCED_SINCE = """(
  SELECT min(t.email_sync_since) FROM email_participant p
  JOIN email_address e ON e.firm_id = p.firm_id AND e.key = p.key
  JOIN toggles t ON t.firm_id = p.firm_id AND t.address_id = e.id AND t.email_sync
  JOIN account k ON k.firm_id = p.firm_id AND k.id = t.account_id AND k.archived_at IS NULL
  WHERE p.firm_id = $1 AND p.email_id = n.email_id AND {})"""
# where no contact holds an address in From or Sender, Reply-To says who wrote it (R18)
_IS_SENDER = """(p.role IN ('FROM', 'SENDER') OR p.role = 'REPLY_TO' AND NOT EXISTS (
    SELECT 1 FROM email_participant s JOIN email_address h ON h.firm_id = s.firm_id AND h.key = s.key
    JOIN contact_email c ON c.firm_id = s.firm_id AND c.address_id = h.id
    WHERE s.firm_id = $1 AND s.email_id = n.email_id AND s.role IN ('FROM', 'SENDER')))"""
# the account must have asked for the message when a server received it, and some account for its sender's mail
_CANDIDATES = f"""
SELECT a.id, a.email_id, n.account_id, a.name, a.content_type, a.size, a.file,
  CASE WHEN m.direction <> 'INCOMING' OR n.sender_since IS NULL THEN 'AUTO_SAVE_OFF'
    WHEN m.received_at < greatest(f.auto_save_since, n.sender_since, n.asked_since) THEN 'HISTORY'
    ELSE a.unfit END AS reason
FROM firm f, (
  SELECT n.*, {_SYNCED_SINCE.format(_IS_SENDER)} AS sender_since,
    {_SYNCED_SINCE.format("t.account_id = n.account_id")} AS asked_since
  FROM unnest($2::uuid[], $3::uuid[]) AS n(email_id, account_id) OFFSET 0) n,
LATERAL (SELECT m.direction, m.received_at FROM email m WHERE m.firm_id = $1 AND m.id = n.email_id LIMIT 1) m,
LATERAL (SELECT * FROM attachment a WHERE a.firm_id = $1 AND a.email_id = n.email_id OFFSET 0) a
WHERE f.id = $1 AND f.auto_save_since IS NOT NULL ORDER BY m.received_at, a.email_id, a.place, n.account_id
"""


async def _names(by: System, account_ids: set[UUID]) -> dict[UUID, Names]:
    taken: dict[UUID, list[tuple[str, str, int]]] = {account_id: [] for account_id in account_ids}
    query = "SELECT account_id, name, came_as, size FROM document WHERE firm_id = $1 AND account_id = ANY($2::uuid[])"
    for document in await store.rows(query, by.firm_id, sorted(account_ids)) if account_ids else ():
        taken[document["account_id"]].append((document["name"], document["came_as"], document["size"]))
    return {account_id: Names(documents) for account_id, documents in taken.items()}


async def _insert(by: System, saved: Sequence[_Saved]) -> None:
    if not saved:
        return
    await store.execute(
        _INSERT,
        by.firm_id,
        clock.now(),
        [document.id for document in saved],
        [document.attachment["account_id"] for document in saved],
        [document.attachment["id"] for document in saved],
        [document.name for document in saved],
    )


_INSERT = """
INSERT INTO document (id, firm_id, account_id, email_id, attachment_id, name, came_as, content_type, size, file,
                      created_at)
SELECT n.id, $1, n.account_id, a.email_id, a.id, n.name, a.name, a.content_type, a.size, a.file, $2
FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[]) AS n(id, account_id, attachment_id, name),
LATERAL (SELECT * FROM attachment a WHERE a.firm_id = $1 AND a.id = n.attachment_id LIMIT 1) a
"""


async def _explain(by: System, candidates: Sequence[Any], saved: Sequence[_Saved]) -> None:
    """Writes `not_saved`, which stays empty for what is in any account's Documents, also from before."""
    somewhere = {document.attachment["id"] for document in saved}
    reasons: dict[UUID, str | None] = {
        candidate["id"]: candidate["reason"] or NotSavedReason.ALREADY_THERE
        for candidate in sorted(candidates, key=lambda candidate: candidate["reason"] != NotSavedReason.HISTORY)
    }
    reasons |= dict.fromkeys(somewhere)
    if reasons:
        await store.execute(_EXPLAIN, by.firm_id, list(reasons), list(reasons.values()))


_EXPLAIN = """
UPDATE attachment a SET not_saved = n.reason FROM unnest($2::uuid[], $3::text[]) AS n(id, reason)
WHERE a.firm_id = $1 AND a.id = n.id AND a.not_saved IS NOT NULL AND a.not_saved IS DISTINCT FROM n.reason
"""


def _record(by: System, saved: Sequence[_Saved]) -> None:
    """One entry for each message."""
    of_email: dict[UUID, list[_Saved]] = defaultdict(list)
    for document in saved:
        of_email[document.attachment["email_id"]].append(document)
    for email_id, documents in of_email.items():
        journal.record(
            JournalKind.DOCUMENT_SAVED,
            by=by,
            subject=(Subject.EMAIL, email_id),
            accounts={document.attachment["account_id"] for document in documents},
            changes=[Change("documents", None, ", ".join(document.name for document in documents)[:200])],
        )
