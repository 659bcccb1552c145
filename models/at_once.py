"""How many things one call may name, and one answer or event tells of."""

from collections.abc import Sized

from models.errors import ErrorCode, Refusal

MOST_AT_ONCE = 100


def must_be_few(things: Sized, noun: str, *path: str | int, least: int = 0) -> None:
    """Raises INVALID for more than 100, or fewer than `least`."""
    if not least <= len(things) <= MOST_AT_ONCE:
        bounds = f"{least} to {MOST_AT_ONCE}" if least else f"at most {MOST_AT_ONCE}"
        raise Refusal(ErrorCode.INVALID, f"Give {bounds} {noun} at once, not {len(things)}.", *path)
