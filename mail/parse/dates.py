"""A Date header → a moment, or None (RFC 5322, 3.3 and 4.3; and what programs write instead)."""

import re
from datetime import UTC, datetime, timedelta

from mail.parse.comments import without_comments

LONGEST_DATE = 200  # characters
# fmt: off
_MONTHS = {
    name: number
    for number, names in enumerate((
        "jan january ene gen", "feb february fev fév févr", "mar march mär märz mrz mars maa", "apr april avr abr",
        "may mai mag maj mei", "jun june giu juin", "jul july lug juil", "aug august ago août aout",
        "sep sept september set", "oct october okt ott out", "nov november", "dec december dez dic déc",
    ), 1)
    for name in names.split()
}
_ZONES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60, "met": 60, "mez": 60, "cest": 120,
    "mest": 120, "mesz": 120, "eet": 120, "eest": 180, "msk": 180, "hkt": 480, "sgt": 480, "jst": 540, "kst": 540,
    "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780, "ast": -240, "adt": -180, "est": -300, "edt": -240, "cst": -360,
    "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600,
}
# fmt: on
"""Minutes east of Greenwich. What is not here, or stands for several, is read as UTC (RFC 5322, 4.3)."""

_CLOCK = re.compile(
    r"(?<![\d:.])(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.,]\d{1,9})?)?|\.(\d{2})\.(\d{2}))(?!\d)(?:\s?([ap])\.?m\b\.?)?"
)
_OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d{2}))?(?!\d)")
_OFFSET_WITHOUT_SIGN = re.compile(r"()(0\d|1[0-4])(00|15|30|45)\b")
_ZONE = re.compile(r"([a-z]{1,5})\b")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})[\s,.-]*([^\W\d_]{3,20})\.?[\s,.-]*(\d{2,5})(?!\d)")
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,20})\.?[\s,]+(\d{1,2})(?!\d)(?:[\s,]+(\d{4}))?")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})\s*t?\s*\Z")
_LATE_YEAR = re.compile(r"(?<!\S)\d{4}(?!\S)")


def moment(value: str | None) -> datetime | None:
    """In UTC, also where it names no zone. None where it is missing, broken, or not between 1970 and 2100."""
    text = without_comments((value or "")[:LONGEST_DATE]).strip()
    try:
        read = (_compact(text) or _read(text.lower())) if text else None
    except (ValueError, OverflowError):
        return None
    return read if read and 1970 <= read.year < 2100 else None


def _compact(text: str) -> datetime | None:
    """20260302T100000Z"""
    if "T" not in text or not text[:8].isdecimal():
        return None
    read = datetime.fromisoformat(text)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)


def _read(text: str) -> datetime | None:
    """Raises ValueError where there is no such day or hour."""
    text = " ".join(text.split()).replace(" :", ":").replace(": ", ":")
    clock = _CLOCK.search(text)
    if clock is None:
        return _day(text) if ":" not in text else None
    before, after = text[: clock.start()], text[clock.end() :]
    day = _day(before)
    if day is None and (year := _LATE_YEAR.search(after)):  # Mon Mar 2 10:00:00 CET 2026
        day, after = _day(f"{before}{year[0]}"), after[: year.start()] + after[year.end() :]
    return day and day + _since_midnight(clock) - timedelta(minutes=_east(after.lstrip()))


def _day(text: str) -> datetime | None:
    if iso := _ISO.search(text):
        return datetime(int(iso[1]), int(iso[2]), int(iso[3]), tzinfo=UTC)
    for day in _DAY_FIRST.finditer(text):
        if month := _MONTHS.get(day[2]):
            return datetime(_year(int(day[3])), month, int(day[1]), tzinfo=UTC)
    for day in _MONTH_FIRST.finditer(text):
        if day[3] and (month := _MONTHS.get(day[1])):
            return datetime(int(day[3]), month, int(day[2]), tzinfo=UTC)
    return None


def _year(written: int) -> int:
    """Of two or three digits (RFC 5322, 4.3); and 19126, by programs that put `19` before the years since 1900."""
    if written < 1000:
        return written + (2000 if written < 50 else 1900)
    return written - 17_100 if 19_100 <= written < 19_200 else written


def _since_midnight(clock: re.Match[str]) -> timedelta:
    """24:00 is the next day's first moment; a leap second has no place in a datetime."""
    hour, minute, second = int(clock[1]), int(clock[2] or clock[4]), int(clock[3] or clock[5] or 0)
    if clock[6] and 1 <= hour <= 12:
        hour = hour % 12 + (12 if clock[6] == "p" else 0)
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second)):
        raise ValueError("no such time")
    return timedelta(hours=hour, minutes=minute, seconds=min(second, 59))


def _east(zone: str) -> int:
    """Minutes. An offset beside a name is what counts: `GMT+1`, `+01:00`, `-0700 PDT`."""
    if offset := _OFFSET.search(zone) or _OFFSET_WITHOUT_SIGN.match(zone):
        sign, hours, minutes = offset.groups()
        east = int(hours) * 60 + int(minutes or 0)
        return 0 if east >= 24 * 60 else -east if sign == "-" else east
    name = _ZONE.match(zone)
    return _ZONES.get(name[1], 0) if name else 0
