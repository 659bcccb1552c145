"""How many letters a firm may send, and to one address, in an hour: set by the installation, so that nobody floods."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.errors import RateLimited
from models.ground import clock, store
from models.ground.settings import Settings
from models.viewer import Actor

HOUR = timedelta(hours=1)
_per_hour = 20_000
_per_recipient = 5


@dataclass(frozen=True, slots=True)
class LetterLimits:
    """Letters of one firm in any 60 minutes; copies to the firm itself do not count."""

    per_hour: int
    left_this_hour: int
    per_recipient_per_hour: int


def limit(settings: Settings) -> None:
    """Makes the limits of this process known."""
    global _per_hour, _per_recipient
    _per_hour, _per_recipient = settings.letters_per_hour, settings.letters_per_recipient


async def limits_of(by: Actor) -> LetterLimits:
    written = await store.value(_WRITTEN, by.firm_id, clock.now() - HOUR)
    return LetterLimits(_per_hour, max(0, _per_hour - written), _per_recipient)


async def must_have_room(by: Actor, to_keys: Sequence[str], *path: str | int) -> None:
    """
    For one more letter to each of these addresses (`TypedAddress.key`; one named twice gets two). Runs inside a
    transaction that has taken `firm.one_at_a_time`. Raises RateLimited.
    """
    if not to_keys:
        return
    since = clock.now() - HOUR
    await _firm_must_have_room(by, len(to_keys), since, *path)
    wanted = Counter(to_keys)
    for row in await store.rows(_BY_RECIPIENT, by.firm_id, list(wanted), since):
        _must_fit(row["written"], wanted[row["to_key"]], row["to_key"], *path)
    for key, count in wanted.items():
        _must_fit([], count, key, *path)


async def _firm_must_have_room(by: Actor, wanted: int, since: datetime, *path: str | int) -> None:
    written = await store.value(_WRITTEN, by.firm_id, since)
    if written + wanted > _per_hour:
        leaves = await store.value(_NTH, by.firm_id, since, written + wanted - _per_hour - 1)
        raise RateLimited(
            f"The firm may send {_per_hour} letters an hour, and {max(0, _per_hour - written)} are left.",
            *path,
            retry_at=_again_at(leaves),
        )


def _must_fit(written: Sequence[datetime], wanted: int, key: str, *path: str | int) -> None:
    over = len(written) + wanted - _per_recipient
    if over > 0:
        leaves = written[over - 1] if over <= len(written) else None
        raise RateLimited(
            f"At most {_per_recipient} letters an hour go to {key}.", *path, retry_at=_again_at(leaves)
        )  # fmt: skip


def _again_at(leaves: datetime | None) -> datetime:
    """An hour after the letter that must leave the hour first."""
    latest = clock.now() + HOUR
    return latest if leaves is None else min(leaves + HOUR, latest)


_COUNTS = "firm_id = $1 AND copy_of IS NULL"
_WRITTEN = f"SELECT count(*) FROM letter WHERE {_COUNTS} AND created_at > $2"
_NTH = f"SELECT created_at FROM letter WHERE {_COUNTS} AND created_at > $2 ORDER BY created_at OFFSET $3 LIMIT 1"
_BY_RECIPIENT = f"""
SELECT to_key, array_agg(created_at ORDER BY created_at) AS written FROM letter
WHERE {_COUNTS} AND to_key = ANY($2::text[]) AND created_at > $3 GROUP BY to_key
"""
