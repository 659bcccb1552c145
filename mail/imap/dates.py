"""When the server took a message in (INTERNALDATE)."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from mail.imap.answers import Value

NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)

_LONGEST = 60  # characters
_DATE = re.compile(rb"(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d)(?: ([+-])(\d\d):?(\d\d)| [A-Z]{1,4})?\Z")
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = tuple(name.lower().encode() for name in _NAMES)


def moment(value: Value) -> datetime:
    """
    An INTERNALDATE in UTC, where it says no zone it is; also one written as in a message's own header (RFC 5322). The
    start of 1970 where it is missing or cannot be: no message is lost for a date.
    """
    if not isinstance(value, bytes) or len(value) > _LONGEST:
        return NO_DATE
    try:
        match = _DATE.match(value.strip())
        return _internal(match) if match else _of_a_header(value)
    except (ValueError, OverflowError, TypeError):
        return NO_DATE


def day(at: datetime) -> str:
    """As SEARCH wants it (RFC 3501, 9: date-text), in UTC."""
    at = at.astimezone(UTC)
    return f"{at.day}-{_NAMES[at.month - 1]}-{at.year}"


def date_time(at: datetime) -> str:
    """As APPEND wants it, quotes included (RFC 3501, 9: date-time), in UTC."""
    at = at.astimezone(UTC)
    return f'"{at.day:02}-{_NAMES[at.month - 1]}-{at.year} {at:%H:%M:%S} +0000"'


def _internal(match: re.Match[bytes]) -> datetime:
    day, year, hour, minute, second = (int(match[i]) for i in (1, 3, 4, 5, 6))
    offset = timedelta(hours=int(match[8] or 0), minutes=int(match[9] or 0)) * (-1 if match[7] == b"-" else 1)
    month = _MONTHS.index(match[2].lower()) + 1
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC) - offset


def _of_a_header(value: bytes) -> datetime:
    date = parsedate_to_datetime(value.decode("ascii"))
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
