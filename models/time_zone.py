"""IANA's time zones, by the names of the package `tzdata`, so that `ZoneInfo` knows each wherever the program runs."""

from datetime import UTC, tzinfo
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import structlog

from models.errors import ErrorCode, Refusal

OTHERWISE = str(UTC)
LONGEST = 64  # characters
NOWHERE = "Factory"
"""IANA's name for a clock that nobody has set."""
log = structlog.get_logger("time_zone")


def checked(zone: str | None, at: str) -> str:
    """In its usual spelling: `Europe/Rome` for `europe/rome`; None: UTC. Raises INVALID."""
    if zone is None:
        return OTHERWISE
    if (name := _names().get(zone.strip().casefold())) is None:
        raise Refusal(ErrorCode.INVALID, "There is no such time zone. Give IANA's name, such as Europe/Rome.", at)
    return name


@lru_cache(maxsize=1_000)
def zone_of(name: str) -> tzinfo:
    """UTC for one that this machine does not know, as one that a later release took: told in the log, once."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:  # no such name; no name at all; that of a folder
        log.warning("time_zone.unknown", zone=name, error=type(error).__name__, instead=OTHERWISE)
        return UTC


@cache
def _names() -> dict[str, str]:
    names = files("tzdata").joinpath("zones").read_text().split()
    return {name.casefold(): name for name in names if name != NOWHERE}
