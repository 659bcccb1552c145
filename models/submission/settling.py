"""
What became of an e-mail on its way out. A fact is a fact: neither lease nor version is asked, so that nobody who was
cut off while the server answered forgets what it said. `begun`: its bytes had begun to leave this time. False, and
nothing written: somebody else has settled it, or has handed it over since.

Whatever the outcome, one of which an earlier copy may have arrived does not end as REFUSED or CANCELLED (P2).
"""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from models.ground import clock, store
from models.mailbox.lease import Leased
from models.submission.due import Due
from models.submission.telling import tell
from models.submission.undelivered import tell_writers
from models.viewer import System

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=2), timedelta(hours=4)
GIVE_UP = timedelta(hours=24)
"""After its first failure: whoever wrote it still remembers, and writes again or calls."""
LOOKED_FOR = timedelta(minutes=5)
"""How long a second copy waits for a look into the folder of sent mail, where the mailbox cannot be read meanwhile."""
VANISHED = "The mail server vanished before it answered."


async def sent(due: Due, why: str | None = None) -> bool:
    """The server took it. `why`: whom it did not reach. SENT even where it was given up or looked for meanwhile."""
    return await _moved(due, _SENT, clock.now(), _cut(why))


# a copy in Sent may have been found already
_SENT = """
UPDATE submission SET state = 'SENT', settled_at = $3, sent_at = $3, error = $4, failing_since = NULL,
  copy = CASE copy WHEN 'THERE' THEN 'THERE' ELSE 'WANTED' END, copy_due_at = now()
WHERE firm_id = $1 AND id = $2 AND state IN ('QUEUED', 'UNCERTAIN') RETURNING id
"""


async def refused(due: Due, why: str, *, begun: bool = False) -> bool:
    """For good."""
    return await _ended(due, "REFUSED", why, begun=begun)


async def stopped(due: Due, why: str) -> bool:
    """It must not leave any more."""
    return await _ended(due, "CANCELLED", why, begun=False)


async def _ended(due: Due, state: str, why: str, *, begun: bool) -> bool:
    return await _moved(due, _ENDED, due.handed_over + begun, begun, clock.now(), _cut(why), state)


_ENDED = """
UPDATE submission SET settled_at = $5, error = $6, handed_over = handed_over - $4::bool::int,
  state = CASE handed_over - $4::bool::int WHEN 0 THEN $7 ELSE 'UNCERTAIN' END,
  copy = CASE handed_over - $4::bool::int WHEN 0 THEN NULL ELSE copy END
WHERE firm_id = $1 AND id = $2 AND handed_over = $3 AND settled_at IS NULL RETURNING id
"""


async def put_off(due: Due, why: str, *, begun: bool = False) -> bool:
    """Not now: tried again after two minutes, then ever longer up to four hours, and given up after a day."""
    first, longest, give_up = (wait.total_seconds() for wait in (FIRST_WAIT, LONGEST_WAIT, GIVE_UP))
    args = (due.handed_over + begun, begun, _cut(why), first, longest, give_up)
    async with store.transaction(due.firm_id):
        was = await store.value(_STATE, due.firm_id, due.id)
        now = await store.row(_PUT_OFF, due.firm_id, due.id, *args)
        await tell(System(due.firm_id), [due.id] if now is not None and now["state"] != was else [])
    if now is not None and now["in_vain"]:
        again = replace(due, handed_over=now["handed_over"])
        return await refused(again, _given_up(why))
    return now is not None


# UNCERTAIN where somebody else held the mailbox meanwhile: then QUEUED is another step
_STATE = "SELECT state FROM submission WHERE firm_id = $1 AND id = $2 FOR NO KEY UPDATE"
_PUT_OFF = """
UPDATE submission SET error = $5, failing_since = coalesce(failing_since, now()),
  handed_over = handed_over - $4::bool::int, attempts = attempts + (NOT $4::bool)::int,
  state = CASE handed_over - $4::bool::int WHEN 0 THEN 'QUEUED' ELSE state END,
  copy = CASE handed_over - $4::bool::int WHEN 0 THEN NULL ELSE copy END,
  due_at = now() + make_interval(secs => least($7::float8, $6::float8 * 2 ^ least(attempts, 20))
                                         * (0.75 + random() / 2))
WHERE firm_id = $1 AND id = $2 AND handed_over = $3 AND settled_at IS NULL
RETURNING state, handed_over, failing_since < now() - make_interval(secs => $8) AS in_vain
"""


async def unknown(due: Due, *, begun: bool = True) -> bool:
    """
    No answer came. UNCERTAIN: it is looked for in the mailbox's Sent, then leaves once more, the same bytes; of a
    second time nothing more is tried.
    """
    wait = LOOKED_FOR.total_seconds()
    return await _moved(due, _UNKNOWN, due.handed_over + begun, VANISHED, wait, clock.now())


_UNCERTAIN = """
UPDATE submission SET state = 'UNCERTAIN', error = {why}, copy = 'WANTED', copy_due_at = now(),
  due_at = now() + make_interval(secs => {wait}), settled_at = CASE WHEN handed_over >= 2 THEN {now}::timestamptz END
"""
_UNKNOWN = f"""{_UNCERTAIN.format(why="$4", wait="$5", now="$6")}
WHERE firm_id = $1 AND id = $2 AND handed_over = $3 AND settled_at IS NULL RETURNING id
"""


async def interrupted(leased: Leased) -> None:
    """
    UNCERTAIN is what an earlier holder of the mailbox began to hand over, and left without an outcome. The present one
    says so before it sends anything.
    """
    args = (VANISHED, LOOKED_FOR.total_seconds(), clock.now())
    async with store.transaction(leased.firm_id):
        rows = await store.rows(_INTERRUPTED, leased.firm_id, leased.mailbox_id, *args)
        await tell(System(leased.firm_id), [email_id for (email_id,) in rows])


_INTERRUPTED = f"""{_UNCERTAIN.format(why="$3", wait="$4", now="$5")}
WHERE firm_id = $1 AND mailbox_id = $2 AND settled_at IS NULL
  AND ((state = 'QUEUED' AND handed_over > 0) OR handed_over >= 2) RETURNING id
"""


async def found_in_sent(firm_id: UUID, email_id: UUID) -> bool:
    """It was looked for in the folder of sent mail, and is there: the server took it, and keeps the copy itself."""
    async with store.transaction(firm_id):
        moved = await store.value(_FOUND, firm_id, email_id, clock.now()) is not None
        await tell(System(firm_id), [email_id] if moved else [])
    return moved


_FOUND = """
UPDATE submission SET state = 'SENT', settled_at = $3, sent_at = $3, error = NULL, failing_since = NULL, copy = 'THERE'
WHERE firm_id = $1 AND id = $2 AND state = 'UNCERTAIN' RETURNING id
"""


async def not_in_sent(firm_id: UUID, email_id: UUID) -> None:
    """
    It was looked for there, and is not: the same bytes may leave once more, at once. Nobody looks again until that has
    an outcome.
    """
    await store.execute(_NOT_IN_SENT, firm_id, email_id)


_NOT_IN_SENT = """
UPDATE submission SET copy = NULL, due_at = least(due_at, now())
WHERE firm_id = $1 AND id = $2 AND state = 'UNCERTAIN'
"""


async def barred(leased: Leased, why: str) -> None:
    """The way to the mail server is barred: all that is due waits; what has waited in vain for a day is given up."""
    args = (GIVE_UP.total_seconds(), clock.now(), _cut(_given_up(why)), _cut(why))
    async with store.transaction(leased.firm_id):
        rows = await store.rows(_BARRED, leased.firm_id, leased.mailbox_id, *args)
        settled = [email_id for email_id, settled_at in rows if settled_at]
        await tell(System(leased.firm_id), settled)
        await tell_writers(System(leased.firm_id), settled)


_IN_VAIN = "failing_since < now() - make_interval(secs => $3)"
_BARRED = f"""
UPDATE submission SET failing_since = coalesce(failing_since, now()),
  settled_at = CASE WHEN {_IN_VAIN} THEN $4::timestamptz END,
  error = CASE WHEN {_IN_VAIN} THEN $5 ELSE $6 END,
  state = CASE WHEN NOT coalesce({_IN_VAIN}, false) THEN state WHEN handed_over = 0 THEN 'REFUSED' ELSE 'UNCERTAIN' END
WHERE firm_id = $1 AND mailbox_id = $2 AND settled_at IS NULL AND due_at <= now() RETURNING id, settled_at
"""


def _given_up(why: str) -> str:
    return f"Given up after {GIVE_UP.total_seconds() / 3600:g} hours. {why}"


def _cut(why: str | None) -> str | None:
    return why[:500] if why else None


async def _moved(due: Due, query: str, *args: object) -> bool:
    async with store.transaction(due.firm_id):
        moved = await store.value(query, due.firm_id, due.id, *args) is not None
        await tell(System(due.firm_id), [due.id] if moved else [])
        await tell_writers(System(due.firm_id), [due.id] if moved else [])
    return moved
