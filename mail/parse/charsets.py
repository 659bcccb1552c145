"""Bytes → text, whatever they claim to be. Nothing here raises."""

import codecs
import re
from encodings import cp1252

from mail.parse import escapes
from mail.parse.charset_names import JAPANESE, KOREAN, codec_of

_SAMPLE = 64 * 1024  # bytes that tell a wrong charset: some codecs take a second for a megabyte of what is not theirs
_MOST_BROKEN = 0.05  # of the characters; above it the declared charset is a wrong one, not a damaged text
_NOT_SHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff]")
_WINDOWS_1252 = cp1252.decoding_table.replace("\ufffe", "\ufffd")  # far faster than to have each � asked for
_MAY_BE_SWITCHED = {None, "utf-8", "cp1252"}
_LETTER_LAST = re.compile(rb"[\xe0-\xf4]\Z")


def decode(data: bytes, declared: str | None = None) -> str:
    """As declared; where that is a lie, UTF-8; where that fails too, windows-1252, with � for what has no character."""
    codec = codec_of(declared)
    if codec == JAPANESE or (codec in _MAY_BE_SWITCHED and b"\x1b$" in data and escapes.is_japanese(data)):
        if (text := escapes.japanese(data)) is not None:
            return text
        codec = None
    if codec == KOREAN:
        return escapes.korean(data)
    for attempt in (codec, "utf-8"):
        if attempt and (text := _try(data, attempt, "strict")) is not None:
            return text
    for attempt in (codec, "utf-8"):
        if attempt and attempt != "cp1252" and _mostly(_try(data[:_SAMPLE], attempt, "replace")):
            text = _try(data, attempt, "replace")
            if text is not None and (_damaged(text) or (attempt == codec and _cut(text, data))):
                return text
    return codecs.charmap_decode(data, "strict", _WINDOWS_1252)[0]


def db_text(text: str) -> str:
    """`text` without what PostgreSQL's text refuses: NUL and lone surrogates."""
    return text.encode("utf-8", "ignore").decode("utf-8").replace("\0", "")


def one_line(text: str, longest: int) -> str:
    """`text` as one line to show and store: no control characters, nothing that turns the reading direction."""
    if text.isascii() and text.isprintable():
        return " ".join(text[: longest * 4].split())[:longest].strip()  # as below, and most lines are so
    return " ".join(_BIDI.sub("", _NOT_SHOWN.sub(" ", db_text(text[: longest * 4]))).split())[:longest].strip()


def _try(data: bytes, codec: str, errors: str) -> str | None:
    try:
        text = data.decode(codec, errors)
    except (LookupError, ValueError):  # also codecs such as `hex` that make no text
        return None
    return (
        text if codec in {"utf-8", "cp1252"} else text.encode("utf-8", "ignore").decode()
    )  # UTF-7 makes lone surrogates


def _mostly(text: str | None) -> bool:
    return text is not None and _broken(text) <= len(text) * _MOST_BROKEN


def _broken(text: str) -> int:
    """But for a last character that was cut."""
    return text.count("\ufffd", 0, -1)


def _damaged(text: str) -> bool:
    """And not one in another charset, of which nothing beyond ASCII, or less than half, can be read."""
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    read = beyond_ascii - text.count("\ufffd")
    return read > 0 and _broken(text) <= read and _mostly(text)


def _cut(text: str, data: bytes) -> bool:
    """In its only character beyond ASCII, the last; and that is no accented letter of Latin-1."""
    return not _broken(text) and not _LETTER_LAST.search(data)
