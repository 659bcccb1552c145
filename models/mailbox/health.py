"""
A mailbox's health and back-off, as its worker writes them (R23), unless a person has changed the mailbox meanwhile.
"""

from datetime import timedelta
from typing import Any

from models import journal, notification
from models.errors import ErrorCode
from models.ground import clock, store
from models.journal import FeedKind, JournalKind, Subject
from models.mailbox.lease import UNCHANGED, Leased
from models.mailbox.listing import Fault
from models.mailbox.mailbox import MailboxState
from models.notification import NewNotification, NotificationKind
from models.viewer import System

MOST_REFUSALS = 3
"""Explicit refusals of the password before a person is asked."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=10)
OUR_LONGEST_WAIT = timedelta(minutes=1)

_OURS = f"{UNCHANGED} AND state <> 'PAUSED'"


async def now(leased: Leased, state: MailboxState) -> None:
    """The mailbox is CHECKING or SYNCING now."""
    await store.execute(f"UPDATE mailbox SET state = $5 WHERE {_OURS} AND state <> $5", *leased.unchanged, state)


async def reached(leased: Leased) -> None:
    """It has signed in, so the refusals of its password are forgotten."""
    await store.execute(f"UPDATE mailbox SET refusals = 0 WHERE {_OURS} AND refusals > 0", *leased.unchanged)


async def succeeded(leased: Leased, fault: Fault | None = None) -> None:
    """A pass is complete: LIVE. `fault`: something that is wrong but did not stop the pass."""
    code, message, path = (fault.code, fault.message[:500], ".".join(fault.path) or None) if fault else (None,) * 3
    async with store.transaction(leased.firm_id):
        _tell_if_moved(leased, await store.row(_SUCCEEDED, *leased.unchanged, clock.now(), code, message, path))


_BEFORE = f"WITH before AS (SELECT * FROM mailbox WHERE {_OURS} FOR NO KEY UPDATE)"
_MOVED = """
FROM before WHERE b.firm_id = $1 AND b.id = before.id RETURNING b.state, b.address,
  (b.error_code, b.error_message, b.error_path)
  IS DISTINCT FROM (before.error_code, before.error_message, before.error_path)
  OR (b.state IS DISTINCT FROM before.state AND before.last_sync_at IS NULL) AS moved
"""
_SUCCEEDED = f"""{_BEFORE}
UPDATE mailbox b SET state = 'LIVE', last_sync_at = $5, failures = 0, refusals = 0, retry_at = NULL,
  error_code = $6, error_message = $7, error_path = $8 {_MOVED}
"""


def _tell_if_moved(leased: Leased, mailbox: Any) -> None:
    """
    Writes an entry where the fault is another than before, or the mailbox works for the first time. Passes and their
    states CHECKING and SYNCING come every minute and would fill the journal: whoever follows reads these every few
    seconds (graph/states.py).
    """
    if mailbox is not None and mailbox["moved"]:
        subject = (Subject.MAILBOX, leased.mailbox_id)
        journal.record(FeedKind.MAILBOX_MOVED, by=System(leased.firm_id), subject=subject)


async def failed(
    leased: Leased,
    code: ErrorCode,
    message: str,
    *,
    path: str | None = None,
    refused: bool = False,
    hopeless: bool = False,
    wait: float = 0.0,
    ours: bool = False,
) -> None:
    """
    RETRYING after 2.5 to 5 s, then ever longer up to 10 minutes. At the third explicit refusal, and at once where
    another try is `hopeless`, NEEDS_ATTENTION, told in Inbox+.

    `path`: the part of ConnectMailboxInput to mend, as in "imap.host". `wait`: seconds at least until the next try.
    `ours`: the fault is on our side, so that tries are a minute apart at most.
    """
    waits = (FIRST_WAIT.total_seconds(), (OUR_LONGEST_WAIT if ours else LONGEST_WAIT).total_seconds())
    fault = (code, message[:500], path, refused, *waits, MOST_REFUSALS)
    async with store.transaction(leased.firm_id):
        mailbox = await store.row(_FAILED, *leased.unchanged, *fault, hopeless, wait)
        _tell_if_moved(leased, mailbox)
        if mailbox is not None and mailbox["state"] == MailboxState.NEEDS_ATTENTION:
            await _call_for_help(leased, mailbox["address"], code, message)


_FAILED = f"""{_BEFORE}
UPDATE mailbox b SET error_code = $5, error_message = $6, error_path = $7, failures = b.failures + 1,
  refusals = b.refusals + $8::bool::int,
  state = CASE WHEN $12::bool OR b.refusals + $8::bool::int >= $11 THEN 'NEEDS_ATTENTION' ELSE 'RETRYING' END,
  retry_at = now() + make_interval(secs => greatest(
    $13::float8, least($10::float8, $9::float8 * 2 ^ least(b.failures, 20)) * (0.5 + random() / 2))) {_MOVED}
"""


async def _call_for_help(leased: Leased, address: str, code: ErrorCode, message: str) -> None:
    by = System(leased.firm_id)
    changes = [journal.Change("state", MailboxState.RETRYING, MailboxState.NEEDS_ATTENTION)]
    journal.record(JournalKind.MAILBOX_CHANGED, by=by, subject=(Subject.MAILBOX, leased.mailbox_id), changes=changes)
    new = NewNotification(
        *(NotificationKind.MAILBOX_NEEDS_ATTENTION, leased.mailbox_id, leased.mailbox_id),
        lambda words: words.mailbox_needs_attention(address, code, message),
    )
    await notification.raise_for_team(by, [new])
