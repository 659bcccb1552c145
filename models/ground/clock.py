"""Business time, in UTC. Tests set it; leases use the database's clock instead."""

from collections.abc import Callable
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """The time it is for the firm, in UTC, cut to the millisecond that the API shows."""
    instant = _source()
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def set_source(source: Callable[[], datetime] | None) -> None:
    """Replaces the clock of this process; None puts the system's back."""
    global _source
    _source = source or _system
