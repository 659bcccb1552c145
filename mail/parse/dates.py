"""A Date header → a moment, or None."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz

LONGEST_DATE = 200  # characters; the standard parser is not made for more
_COMMENT = re.compile(r"\([^()]*\)")


def moment(value: str | None) -> datetime | None:
    """In UTC, also where it names no zone. None where it is missing, broken, or not between 1970 and 2100."""
    text = _COMMENT.sub(" ", (value or "")[:LONGEST_DATE]).strip()
    try:
        found = _internet(text) or _iso(text)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
    return found if found and 1970 <= found.year < 2100 else None


def _internet(text: str) -> datetime | None:
    parts = parsedate_tz(text) if text else None
    if parts is None:
        return None
    zone = parts[9] or 0
    local = datetime(*parts[:5], min(parts[5], 59), tzinfo=UTC)  # a leap second has no place in a datetime
    return local - timedelta(seconds=zone if abs(zone) < 86_400 else 0)


def _iso(text: str) -> datetime | None:
    found = datetime.fromisoformat(text) if text[:4].isdecimal() else None
    return found and (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
