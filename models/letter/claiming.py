"""
Which worker delivers a letter: claimed firm by firm, a lease on the database's clock, any number of workers.

Who was thought dead writes nothing any more: every later write asks that the letter is still theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from models import firm_key
from models.ground import store
from models.ground.checkpoint import checkpoint
from models.ground.keys import Key, WrongKey
from models.letter.letter import LetterKind, Urgency
from models.letter.standing import WHY_STOPPED, Aim, Standing, Stop, standings
from models.notification_category import NotificationCategory

SECONDS = 300
"""How long a lease lives; begun anew when the bytes begin to leave. No server's answer is waited for so long."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """
    A letter in the hands of `owner`, with all that composing needs. `key`: the firm's. `seed`: of the invitation or the
    reset whose link it carries. `bytes_kept`: as an earlier claim has composed it, where a copy of that may have
    arrived. `stop`: why it must not leave. `aim`, `standing`: of a notice, not of its copy for the firm.
    """

    id: UUID
    firm_id: UUID
    owner: str
    key: Key
    kind: LetterKind
    language: str
    to_address: str
    message_id: str
    written_at: datetime
    facts: Mapping[str, Any] = field(repr=False)
    address_id: UUID | None = None
    member_id: UUID | None = None
    invitation_id: UUID | None = None
    reset_id: UUID | None = None
    copy_of: UUID | None = None
    asked_by: UUID | None = None
    seed: bytes | None = field(default=None, repr=False)
    handed_over: int = 0
    bytes_kept: bytes | None = field(default=None, repr=False)
    stop: str | None = None
    aim: Aim | None = None
    standing: Standing | None = None


async def claim(owner: str, *, most: int) -> list[Claimed]:
    """
    Up to `most` letters that are due and that nobody holds, all of the firm whose turn it is: the most urgent first, of
    those the ones that wait longest. A firm's letters wait for `most` of each other firm at the most.
    """
    letters = await store.rows(_CLAIM, owner, most, SECONDS)
    if letters:
        checkpoint("after letters were claimed")
    now = await _standing_now(letters)
    return [await claimed(owner, letter, now.get(letter["id"])) for letter in letters]


_IS_DUE = "settled_at IS NULL AND due_at <= now() AND (locked_until IS NULL OR locked_until < now())"
_ANY = ",".join(f"{urgency:d}" for urgency in Urgency)
# looked up firm by firm: a join would read every letter that waits. Asked for in the order of their index, since where
# most of a firm's letters wait PostgreSQL takes any index of theirs for as good, and reads all that have left
_HAS_DUE = f"""LATERAL (
    SELECT 1 FROM letter l WHERE l.firm_id = t.firm_id AND l.urgency = ANY('{{{_ANY}}}')
      AND {_IS_DUE} ORDER BY l.urgency, l.due_at, l.id LIMIT 1) due"""
# whoever claims has the turn's lock meanwhile, so that others go on with the next firm; a turn that was taken since the
# statement began is no longer as it was `seen`. Where every firm is being served, several serve the same one. What is
# claimed is found by its id, and what belongs to it one by one (LATERAL), whatever PostgreSQL takes $2 to be
_CLAIM = f"""
WITH turn AS (
  SELECT t.firm_id FROM letter_turn t
  JOIN letter_turn seen ON seen.firm_id = t.firm_id AND seen.served_at = t.served_at, {_HAS_DUE}
  ORDER BY t.served_at, t.firm_id LIMIT 1 FOR NO KEY UPDATE OF t SKIP LOCKED
), served AS (
  UPDATE letter_turn t SET served_at = clock_timestamp() FROM turn WHERE t.firm_id = turn.firm_id
), beside AS (
  SELECT t.firm_id FROM letter_turn t, {_HAS_DUE}
  WHERE NOT EXISTS (SELECT 1 FROM turn) ORDER BY t.served_at, t.firm_id LIMIT 1
), due AS (
  SELECT id FROM letter WHERE {_IS_DUE}
    AND firm_id = (SELECT firm_id FROM turn UNION ALL SELECT firm_id FROM beside)
  ORDER BY urgency, due_at, id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
), claimed AS (
  UPDATE letter l SET locked_by = $1, locked_until = now() + make_interval(secs => $3), attempts = attempts + 1
  WHERE l.id = ANY(ARRAY(SELECT id FROM due)) RETURNING l.*
)
SELECT l.*, coalesce(i.seed, r.seed) AS seed, coalesce(i.ended_at, r.ended_at) IS NOT NULL AS is_dead,
  e.suppressed_at IS NOT NULL AS is_suppressed
FROM claimed l
LEFT JOIN LATERAL (
  SELECT * FROM invitation i WHERE i.firm_id = l.firm_id AND i.id = l.invitation_id LIMIT 1) i ON true
LEFT JOIN LATERAL (
  SELECT * FROM password_reset r WHERE r.firm_id = l.firm_id AND r.id = l.reset_id LIMIT 1) r ON true
LEFT JOIN LATERAL (
  SELECT * FROM email_address e WHERE e.firm_id = l.firm_id AND e.id = l.address_id LIMIT 1) e ON true
ORDER BY l.urgency, l.due_at, l.id
"""


async def _standing_now(letters: Sequence[Any]) -> dict[UUID, Standing]:
    """By id: notices are asked again, and learn what they have to say now; one statement more where there are any."""
    aims = {letter["id"]: aim for letter in letters if (aim := _aim(letter))}
    return dict(zip(aims, await standings(list(aims.values())), strict=True))


async def claimed(owner: str, letter: Any, now: Standing | None = None) -> Claimed:
    """Of a row of the table, with what only a claim looks up beside it (`seed`, whether it may leave)."""
    key = await firm_key.of(letter["firm_id"])
    return Claimed(
        id=letter["id"],
        firm_id=letter["firm_id"],
        owner=owner,
        key=key,
        kind=LetterKind[letter["kind"]],
        language=letter["language"],
        to_address=letter["to_address"],
        message_id=letter["message_id"],
        written_at=letter["created_at"],
        facts=_facts(letter["facts"]),
        address_id=letter["address_id"],
        member_id=letter["member_id"],
        invitation_id=letter["invitation_id"],
        reset_id=letter["reset_id"],
        copy_of=letter["copy_of"],
        asked_by=letter["asked_by"],
        seed=letter.get("seed"),
        handed_over=letter["handed_over"],
        bytes_kept=_opened(key, letter),
        stop=(now and now.stop) or _stop(letter),
        aim=_aim(letter),
        standing=now,
    )


def _aim(letter: Any) -> Aim | None:
    if letter["category"] is None:
        return None
    return Aim(letter["firm_id"], letter["account_id"], letter["address_id"], NotificationCategory(letter["category"]))


def _facts(text: str) -> Mapping[str, Any]:
    facts: Mapping[str, Any] = orjson.loads(text)
    return facts


def _opened(key: Key, letter: Any) -> bytes | None:
    """None also where the key was replaced meanwhile: the facts are there to compose it anew."""
    if letter["sealed"] is None:
        return None
    try:
        return key.unseal(letter["sealed"], *_place(letter["firm_id"], letter["id"])).encode()
    except WrongKey:
        return None


def _place(firm_id: UUID, letter_id: UUID) -> tuple[object, ...]:
    return firm_id, letter_id, "sealed"


def _stop(letter: Any) -> str | None:
    if letter.get("is_dead"):
        return "The link that it carries is no longer good."
    if letter.get("is_suppressed"):
        return Stop.SUPPRESSED
    return None


async def hand_over(letters: Sequence[tuple[Claimed, bytes]]) -> list[bool]:
    """
    Whether the bytes of each may leave now: it is still ours, nobody has cancelled it, nothing has stopped the notice
    that it is, and it has not left twice (P2). They are kept, encrypted, as long as its outcome is unknown, so that a
    second copy is the very same. Whoever asked gives back what may not leave.
    """
    # apart: whoever has a letter locked is about to cancel it, and a notice, asked now, must not wait for that
    notices = [(letter, raw) for letter, raw in letters if letter.aim]
    regular = [(letter, raw) for letter, raw in letters if not letter.aim]
    may_leave = await _handed_over(regular) | await _handed_over(notices)
    return [letter.id in may_leave for letter, _ in letters]


async def _handed_over(letters: Sequence[tuple[Claimed, bytes]]) -> set[UUID]:
    if not letters:
        return set()
    ours = [letter for letter, _ in letters]
    rows = await store.rows(
        _HAND_OVER,
        [letter.firm_id for letter in ours],
        [letter.id for letter in ours],
        [letter.owner for letter in ours],
        SECONDS,
        [letter.key.seal(raw.decode(), *_place(letter.firm_id, letter.id)) for letter, raw in letters],
    )
    return {letter_id for (letter_id,) in rows}


# one by one (LATERAL), so that each is found by its id whatever PostgreSQL takes the size of the table to be
_HAND_OVER = f"""
WITH ours AS (
  SELECT o.id, n.sealed
  FROM (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $5::bytea[]) AS n(firm_id, id, owner, sealed)
        ORDER BY id) n,
    LATERAL (SELECT l.id FROM letter l WHERE l.firm_id = n.firm_id AND l.id = n.id AND l.locked_by = n.owner
             AND l.settled_at IS NULL AND l.handed_over < 2
             AND (l.category IS NULL OR {WHY_STOPPED.format(letter="l")} IS NULL) FOR NO KEY UPDATE) o
)
UPDATE letter l SET handed_over = l.handed_over + 1, sealed = ours.sealed,
  locked_until = now() + make_interval(secs => $4)
FROM ours WHERE l.id = ours.id RETURNING l.id
"""


async def give_back(letters: Sequence[Claimed]) -> None:
    """Untouched: the next worker may take them at once."""
    for letter in letters:
        await store.execute(_GIVE_BACK, letter.firm_id, letter.id, letter.owner)


_GIVE_BACK = """
UPDATE letter SET locked_by = NULL, locked_until = NULL, attempts = attempts - 1
WHERE firm_id = $1 AND id = $2 AND locked_by = $3
"""
