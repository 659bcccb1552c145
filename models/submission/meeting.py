"""
What was sent from here is met in the mailbox's own folder of sent mail, put there by us, by its server, or by both. It
is the stored e-mail, also under another Message-ID (R21).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from models import notification
from models.email.threads import threads_named
from models.ground import clock, store
from models.submission.telling import tell
from models.viewer import System

ONE_DATE = timedelta(seconds=2)
"""A header's date has whole seconds."""


@dataclass(frozen=True, slots=True)
class Met:
    """
    Its header has our signature for this e-mail, and names an address of ours as its sender. `names`: its Message-ID,
    and the one it had before. `dated`: as its header says.
    """

    email_id: UUID
    names: tuple[str, ...]
    dated: datetime | None


async def meet(by: System, mailbox_id: UUID, batch: Sequence[Met]) -> set[Met]:
    """
    Answers those that were sent from here: with the Message-ID, or the date, that the e-mail left with. Somebody who
    sends it again from another program, header and all, has written another message.

    All Message-IDs of an e-mail then lead into its thread; UNCERTAIN becomes SENT; and its copy is THERE. Inside a
    transaction, under `history.lock`; a few statements for all.
    """
    if not batch:
        return set()
    ids = [met.email_id for met in batch]
    emails = {email["id"]: email for email in await store.rows(_SENT_HERE, by.firm_id, ids)}
    ours = {met for met in batch if met.email_id in emails and _is_it(met, emails[met.email_id])}
    if ours:
        ids = list({met.email_id for met in ours})
        await _name(by, ours, emails)
        await store.execute(_KEEPS_SENT, by.firm_id, mailbox_id, ids)
        moved = await store.rows(_THERE, by.firm_id, ids, clock.now())
        await tell(by, [email_id for email_id, state in moved if emails[email_id]["state"] != state])
    return ours


_SENT_HERE = """
SELECT s.id, s.message_id, s.created_at, s.state, m.sent_at, m.thread_id FROM unnest($2::uuid[]) AS n(id),
LATERAL (SELECT * FROM submission s WHERE s.firm_id = $1 AND s.id = n.id OFFSET 0) s,
LATERAL (SELECT m.sent_at, m.thread_id FROM email m WHERE m.firm_id = $1 AND m.id = n.id OFFSET 0) m
"""


def _is_it(met: Met, email: Any) -> bool:
    if email["message_id"] in met.names:
        return True
    dates = (email["created_at"], email["sent_at"])
    return met.dated is not None and any(abs(met.dated - date) < ONE_DATE for date in dates)


async def _name(by: System, ours: set[Met], emails: Mapping[UUID, Any]) -> None:
    """An answer to the other name may have come first, and have begun a thread of its own."""
    names = [[emails[met.email_id]["message_id"], *met.names] for met in sorted(ours, key=attrgetter("email_id"))]
    first = {emails[met.email_id]["message_id"]: emails[met.email_id]["thread_id"] for met in ours}
    await store.execute(_NAMED, by.firm_id, list(first), list(first.values()))
    threads = await threads_named(by, names)
    if threads.joined:
        await notification.merge(by, threads.joined)


_NAMED = """
INSERT INTO thread_ref (id, firm_id, message_id, thread_id)
SELECT gen_random_uuid(), $1, n.message_id, n.thread_id FROM unnest($2::text[], $3::uuid[]) AS n(message_id, thread_id)
ON CONFLICT (firm_id, message_id) DO NOTHING
"""
# what nobody here has begun to put there, the server has
_KEEPS_SENT = """
UPDATE mailbox SET found_keeps_sent = true WHERE firm_id = $1 AND id = $2 AND found_keeps_sent IS NOT true AND EXISTS (
  SELECT 1 FROM submission s WHERE s.firm_id = $1 AND s.id = ANY($3::uuid[]) AND s.mailbox_id = $2
    AND s.copy = 'WANTED' AND s.copy_tries = 0)
"""
_THERE = """
UPDATE submission SET copy = 'THERE', copy_error = NULL,
  state = CASE state WHEN 'UNCERTAIN' THEN 'SENT' ELSE state END,
  error = CASE state WHEN 'UNCERTAIN' THEN NULL ELSE error END,
  settled_at = CASE state WHEN 'UNCERTAIN' THEN coalesce(settled_at, $3::timestamptz) ELSE settled_at END,
  sent_at = CASE state WHEN 'UNCERTAIN' THEN coalesce(sent_at, $3::timestamptz) ELSE sent_at END
WHERE firm_id = $1 AND id = ANY($2::uuid[]) AND (copy IS DISTINCT FROM 'THERE' OR state = 'UNCERTAIN')
RETURNING id, state
"""
