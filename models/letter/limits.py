"""How many letters a firm may send, and to one address, in an hour: set by the installation, so that nobody floods."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.errors import Faults, RateLimited
from models.ground import clock, store
from models.ground.settings import Settings
from models.letter.letter import LetterKind, Urgency
from models.viewer import Actor

HOUR = timedelta(hours=1)
_per_hour = 20_000
_per_recipient, _notices_per_recipient = 5, 30


@dataclass(frozen=True, slots=True)
class LetterLimits:
    """
    Letters of one firm in any 60 minutes; copies to the firm itself do not count. `per_recipient_per_hour`: of each
    urgency by itself, so that others take no room from passwords; of notices `notices_per_recipient_per_hour`.
    """

    per_hour: int
    left_this_hour: int
    per_recipient_per_hour: int
    notices_per_recipient_per_hour: int


def limit(settings: Settings) -> None:
    """Makes the limits of this process known."""
    global _per_hour, _per_recipient, _notices_per_recipient
    _per_hour, _per_recipient = settings.letters_per_hour, settings.letters_per_recipient
    _notices_per_recipient = settings.notices_per_recipient


async def limits_of(by: Actor) -> LetterLimits:
    written = await store.value(_WRITTEN, by.firm_id, clock.now() - HOUR)
    return LetterLimits(_per_hour, max(0, _per_hour - written), _per_recipient, _notices_per_recipient)


def most(urgency: Urgency) -> tuple[int, int]:
    """How many letters in an hour: of a firm, and of this urgency to one address."""
    return _per_hour, _notices_per_recipient if urgency is Urgency.NOTICE else _per_recipient


@dataclass(frozen=True, slots=True)
class ToBe:
    """A letter that somebody wants to write. `path`: where in the input it was asked for."""

    kind: LetterKind
    to_key: str
    path: tuple[str | int, ...] = ()


async def must_have_room(by: Actor, letters: Sequence[ToBe]) -> None:
    """
    All or none. Runs inside a transaction that has taken `firm.one_at_a_time`. Raises RateLimited, or Refusals, one for
    each letter that has no room.
    """
    faults = Faults()
    for refusal in dict.fromkeys(filter(None, await room(by, letters))):
        with faults:
            raise refusal
    faults.must_be_none()


async def room(by: Actor, letters: Sequence[ToBe]) -> list[RateLimited | None]:
    """
    In order: None for a letter that may be written now, else why not. Of those to one address the first ones fit, each
    urgency by itself (`Urgency`); of all letters of the firm the first ones, but passwords always. Where the firm's own
    limit is reached, all that have no room get one refusal in common, without a path. As many statements for a thousand
    as for one.

    Runs inside a transaction that has taken `firm.one_at_a_time`.
    """
    if not letters:
        return []
    since = clock.now() - HOUR
    full = await _full(by, letters, since)
    left = _per_hour - await store.value(_WRITTEN, by.firm_id, since)
    # nobody is locked out because the firm writes to many
    fitting = [n for n, letter in enumerate(letters) if n not in full and letter.kind.urgency is not Urgency.PASSWORD]
    if over := fitting[max(0, left) :]:
        full |= dict.fromkeys(over, await _firm_is_full(by, len(fitting), left, since))
    return [full.get(n) for n in range(len(letters))]


async def _full(by: Actor, letters: Sequence[ToBe], since: datetime) -> dict[int, RateLimited]:
    """Those whose address has no room for them, by their place in the list, and why."""
    keys = sorted({letter.to_key for letter in letters})
    rows = await store.rows(store.for_many(_BY_RECIPIENT, keys), by.firm_id, keys, since)
    written = {(to_key, urgency): times for to_key, urgency, times in rows}
    new: Counter[tuple[str, int]] = Counter()
    full: dict[int, RateLimited] = {}
    for n, letter in enumerate(letters):
        place = letter.to_key, letter.kind.urgency
        new[place] += 1
        if why := _why_full(letter, written.get(place, ()), new[place]):
            full[n] = why
    return full


def _why_full(letter: ToBe, written: Sequence[datetime], new: int) -> RateLimited | None:
    _, per_recipient = most(letter.kind.urgency)
    over = len(written) + new - per_recipient
    if over <= 0:
        return None
    leaves = written[over - 1] if over <= len(written) else None
    message = f"At most {per_recipient} such letters an hour go to {letter.to_key}."
    return RateLimited(message, *letter.path, retry_at=_again_at(leaves))


async def _firm_is_full(by: Actor, new: int, left: int, since: datetime) -> RateLimited:
    leaves = await store.value(_NTH, by.firm_id, since, new - left - 1)
    message = f"The firm may send {_per_hour} letters an hour, and {max(0, left)} are left."
    return RateLimited(message, retry_at=_again_at(leaves))


def _again_at(leaves: datetime | None) -> datetime:
    """An hour after the one was written that must drop out of the last 60 minutes before there is room."""
    latest = clock.now() + HOUR
    return latest if leaves is None else min(leaves + HOUR, latest)


_COUNTS = "firm_id = $1 AND copy_of IS NULL"
_WRITTEN = f"SELECT count(*) FROM letter WHERE {_COUNTS} AND created_at > $2"
_NTH = f"SELECT created_at FROM letter WHERE {_COUNTS} AND created_at > $2 ORDER BY created_at OFFSET $3 LIMIT 1"
_BY_RECIPIENT = f"""
SELECT n.to_key, l.urgency, l.written FROM unnest($2::text[]) AS n(to_key), LATERAL (
  SELECT urgency, array_agg(created_at ORDER BY created_at) AS written FROM letter
  WHERE {_COUNTS} AND to_key = n.to_key AND created_at > $3 GROUP BY urgency) l
"""
