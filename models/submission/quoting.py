"""What an answer quotes: the message, as text, below a line that says whose it is, in the firm's language."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time

from models.participant import Participant
from models.time_zone import zone_of

MOST_QUOTED = 256 * 1024  # bytes, with what stands before each line
LONGEST_NAME, LONGEST_ADDRESS = 60, 100  # characters, so that programs see what the line is
OTHERWISE = "en"
_INTRODUCTIONS = {"en": "On {date}, {time}, {who} wrote:", "it": "Il {date} alle {time}, {who} ha scritto:"}
_NOT_SHOWN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")


def with_quote(text: str, original: str, introduction: str) -> str:
    """`text`, and below it what it answers; nothing where there is nothing to quote."""
    quote = quoted(original)
    return "\n".join([text, "", introduction, quote] if quote else [text])


def quoted(original: str) -> str:
    """
    `> ` before each line, a further `>` where one is quoted already (RFC 3676, 4.5). At most 256 kB, in whole lines;
    of a first line that is longer, as much as fits.
    """
    lines: list[str] = []
    room = MOST_QUOTED
    for line in _lines(original.strip("\r\n")):
        room -= len(line.encode()) + 1
        if room < 0:
            return "\n".join(lines) or line.encode()[:MOST_QUOTED].decode("utf-8", "ignore")
        lines.append(line)
    return "\n".join(lines)


def _lines(original: str) -> Iterator[str]:
    for line in original.splitlines():
        shown = _NOT_SHOWN.sub("", line).rstrip()
        yield f">{shown}" if shown.startswith(">") else f"> {shown}".rstrip()


def introduced(sender: Participant, at: datetime, *, language: str, time_zone: str) -> str:
    """`language`: a BCP 47 tag. Whatever the sender calls itself stays on this line."""
    locale = _locale(language)
    local = _local(at, time_zone)
    date, time = format_date(local, "long", locale=locale), format_time(local, "short", locale=locale)
    return _INTRODUCTIONS[locale.language].format(date=date, time=time, who=_who(sender))


def _locale(language: str) -> Locale:
    """Dates follow the region (`it-CH`), as far as the words are in that language at all."""
    primary = language.partition("-")[0]
    if primary not in _INTRODUCTIONS:
        return Locale.parse(OTHERWISE)
    try:
        return Locale.parse(language, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale.parse(primary)


def _local(at: datetime, time_zone: str) -> datetime:
    try:
        return at.astimezone(zone_of(time_zone))
    except OverflowError:  # a stranger's Date may be the last that there is
        return at.astimezone(UTC)


def _who(sender: Participant) -> str:
    name, address = _shown(sender.name or "", LONGEST_NAME), _shown(sender.address, LONGEST_ADDRESS)
    return f"{name} <{address}>" if name and address else name or address or "?"


def _shown(text: str, longest: int) -> str:
    line = " ".join(_NOT_SHOWN.sub(" ", text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
