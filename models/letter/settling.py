"""
What became of a letter that a worker tried to deliver. False, and nothing written: it is no longer that worker's.

Locks are taken in the order of `firm.one_at_a_time`: address, invitation, letter, the journal's head.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from models.ground import clock, store
from models.ground.checkpoint import checkpoint
from models.letter import consequences
from models.letter.claiming import Claimed
from models.letter.letter import NEVER_LEAVES, LetterState, Urgency

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=4)
GIVE_UP = timedelta(days=3)
"""After its first failure. RFC 5321, 4.5.4.1, wants four to five; a firm should hear of it earlier."""
SECOND_COPY_AFTER = timedelta(minutes=10)
"""When the outcome is unknown: a server that was only slow has long delivered by then."""


class NoLongerOurs(Exception):
    """Another worker has the letter by now, or it is settled."""


async def sent(letters: Sequence[Claimed]) -> list[bool]:
    """
    The server took these, in order. SENT even where one was cancelled while its bytes were leaving: it has left, and
    who cancels takes no letter from the worker that holds it.
    """
    return await _settle(letters, LetterState.SENT)


async def unknown(letter: Claimed) -> bool:
    """
    Its bytes began to leave and no answer came: once more, the same bytes, in ten minutes. Where that was the second
    time, UNCERTAIN for good.
    """
    if letter.handed_over >= 1:
        return (await _settle([letter], LetterState.UNCERTAIN))[0]
    wait = SECOND_COPY_AFTER.total_seconds()
    return bool(await store.execute(_UNKNOWN, *_ours(letter), wait))


_OURS = "firm_id = $1 AND id = $2 AND locked_by = $3"
_FREE = "locked_by = NULL, locked_until = NULL"
_UNKNOWN = f"""
UPDATE letter SET state = 'UNCERTAIN', due_at = now() + make_interval(secs => $4), {_FREE},
  error = 'The mail server vanished before it answered.'
WHERE {_OURS} AND settled_at IS NULL
"""


def _ours(letter: Claimed) -> tuple[UUID, UUID, str]:
    return letter.firm_id, letter.id, letter.owner


async def _settle(letters: Sequence[Claimed], state: LetterState) -> list[bool]:
    """SENT, or UNCERTAIN for good: they count as sent, and the firms get their copies (R16)."""
    settled = await _write_down([letter for letter in letters if not letter.invitation_id], state)
    by_firm: dict[UUID, list[Claimed]] = defaultdict(list)
    for letter in letters:
        if letter.invitation_id:
            by_firm[letter.firm_id].append(letter)
    for firm_id, of_firm in by_firm.items():
        settled |= await _settle_with_invitations(firm_id, of_firm, state)
    return [letter.id in settled for letter in letters]


async def _write_down(letters: Sequence[Claimed], state: LetterState) -> set[UUID]:
    """One statement, whatever their firms: nothing else changes with them."""
    if not letters:
        return set()
    rows = await store.rows(
        _SETTLE,
        [letter.firm_id for letter in letters],
        [letter.id for letter in letters],
        [letter.owner for letter in letters],
        state,
        clock.now(),
        [uuid7() for _ in letters],
    )
    return {letter_id for (letter_id,) in rows}


async def _settle_with_invitations(firm_id: UUID, letters: Sequence[Claimed], state: LetterState) -> set[UUID]:
    """Of one firm: the invitations are locked before their letters, and say since when they have been sent."""
    async with store.transaction(firm_id):
        await consequences.lock(firm_id, [letter.invitation_id for letter in letters])
        settled = await _write_down(letters, state)
        await consequences.invitations_sent(
            firm_id, [letter.invitation_id for letter in letters if letter.id in settled]
        )
        checkpoint("before the commit of a settled letter")
    return settled


# in one statement, so that a firm's copy is there if and only if its letter is settled, and only once: of what is no
# longer ours (settled before, or another worker's by now) nothing is written, and no id comes back. A letter that was
# cancelled while its bytes were leaving is ours still, to say that it was sent. Copies are made of what went to
# clients, but of no password's link, and of no copy; they wait as letters of their own, under their own Message-ID
_SETTLE = f"""
WITH ours AS (
  SELECT o.id, n.copy_id
  FROM (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $6::uuid[]) AS n(firm_id, id, owner, copy_id)
        ORDER BY id) n,
    LATERAL (SELECT l.id FROM letter l WHERE l.firm_id = n.firm_id AND l.id = n.id AND l.locked_by = n.owner
             AND (l.settled_at IS NULL OR (l.state = 'CANCELLED' AND $4::text = 'SENT')) FOR NO KEY UPDATE) o
), settled AS (
  UPDATE letter l SET state = $4::text, settled_at = $5, sealed = NULL, error = NULL, {_FREE}
  FROM ours WHERE l.id = ours.id RETURNING l.*, ours.copy_id
), copies AS (
  INSERT INTO letter (id, firm_id, kind, urgency, language, to_address, to_key, address_id, asked_by, facts, message_id,
                      state, created_at, due_at, attempts, handed_over, copy_of)
  SELECT l.copy_id, l.firm_id, l.kind, {Urgency.DIGEST:d}, l.language, f.copy_to, lower(f.copy_to), NULL, l.asked_by,
    l.facts || jsonb_build_object('copyOf', l.to_address),
    '<' || l.copy_id || substr(l.message_id, strpos(l.message_id, '@')), 'QUEUED', $5, now(), 0, 0, l.id
  FROM settled l JOIN firm f ON f.id = l.firm_id
  WHERE f.copy_to IS NOT NULL AND l.address_id IS NOT NULL AND l.copy_of IS NULL AND l.kind <> 'PASSWORD_RESET'
)
SELECT id FROM settled
"""


async def put_off(letter: Claimed, why: str, *, handed_over: bool = False) -> bool:
    """
    Not now: tried again after a minute, then ever longer up to about four hours, given up after three days.
    `handed_over`: its bytes began to leave this time, but the server said no, so that this time does not count. If none
    counts, nobody has it yet, and it is composed anew, as things then stand.
    """
    waits = FIRST_WAIT.total_seconds(), LONGEST_WAIT.total_seconds()
    return await _try_later(letter, why, _PUT_OFF, handed_over, *waits)


async def _try_later(letter: Claimed, why: str, statement: str, *args: object) -> bool:
    failing = await store.row(statement, *_ours(letter), why[:500], GIVE_UP.total_seconds(), *args)
    if failing is None or failing["in_time"]:
        return failing is not None
    return await _give_up(letter, why, maybe_arrived=failing["handed_over"] > 0)


async def _give_up(letter: Claimed, why: str, *, maybe_arrived: bool) -> bool:
    if maybe_arrived:
        return (await _settle([letter], LetterState.UNCERTAIN))[0]
    return await refused(letter, f"Given up after {GIVE_UP.days} days. {why}")


# given back; but a letter whose time is over stays in its worker's hands, who writes down next that it is given up
_OVER = "failing_since < now() - make_interval(secs => $5)"
_TRY_LATER = f"""
UPDATE letter SET error = $4, failing_since = coalesce(failing_since, now()), due_at = now() + {{wait}}{{also}},
  locked_by = CASE WHEN {_OVER} THEN locked_by END, locked_until = CASE WHEN {_OVER} THEN locked_until END
WHERE {_OURS} AND settled_at IS NULL RETURNING handed_over, locked_by IS NULL AS in_time
"""
_PUT_OFF = _TRY_LATER.format(
    # twice as long each time, and some more or less, so that not all come again at the same moment
    wait="make_interval(secs => least($8::float8, $7::float8 * 2 ^ least(attempts - 1, 20)) * (0.75 + random() / 2))",
    also=""",
  handed_over = handed_over - $6::bool::int, sealed = CASE WHEN handed_over > $6::bool::int THEN sealed END""",
)


async def wait_for_server(letters: Sequence[Claimed], why: str, *, behind: bool = False) -> None:
    """
    The way to the server is barred: given back, to be tried as soon as it is open; given up after three days. `behind`:
    a minute later than the others, in case it is barred for this one only.
    """
    wait = FIRST_WAIT.total_seconds() if behind else 0.0
    for letter in letters:
        await _try_later(letter, why, _WAIT, wait)


_WAIT = _TRY_LATER.format(wait="make_interval(secs => $6)", also="")


async def refused(letter: Claimed, why: str, *, no_such_mailbox: bool = False) -> bool:
    """For good. The firm hears of it in Inbox+; `no_such_mailbox`: nothing more is sent to that address (R17)."""
    try:
        async with store.transaction(letter.firm_id):
            await consequences.undelivered(letter, why, suppress=no_such_mailbox)
            if not await store.execute(_REFUSED, *_ours(letter), why[:500], clock.now()):
                raise NoLongerOurs
    except NoLongerOurs:
        return False
    return True


_REFUSED = f"""
UPDATE letter SET state = 'REFUSED', settled_at = $5, sealed = NULL, error = $4, {_FREE}
WHERE {_OURS} AND settled_at IS NULL
"""


async def stopped(letter: Claimed) -> bool:
    """It must not leave (`letter.stop`), and has not: CANCELLED."""
    return bool(await store.execute(_STOPPED, *_ours(letter), letter.stop, clock.now()))


_STOPPED = f"""
UPDATE letter SET {NEVER_LEAVES.format(now="$5")}, error = $4, {_FREE}
WHERE {_OURS} AND settled_at IS NULL
"""
