"""IANA's time zones, by the names of the package `tzdata`, so that `ZoneInfo` knows each wherever the program runs."""

from datetime import UTC
from functools import cache
from importlib.resources import files

from models.errors import ErrorCode, Refusal

OTHERWISE = str(UTC)
LONGEST = 64  # characters
NOWHERE = "Factory"
"""IANA's name for a clock that nobody has set."""


def checked(given: str | None, at: str) -> str:
    """In its usual spelling: `Europe/Rome` for `europe/rome`; None: UTC. Raises INVALID."""
    if given is None:
        return OTHERWISE
    if (name := _names().get(given.strip().casefold())) is None:
        raise Refusal(ErrorCode.INVALID, "There is no such time zone. Give IANA's name, such as Europe/Rome.", at)
    return name


@cache
def _names() -> dict[str, str]:
    names = files("tzdata").joinpath("zones").read_text().split()
    return {name.casefold(): name for name in names if name != NOWHERE}
