"""Bytes → text, whatever they claim to be. Nothing here raises."""

import codecs
import re
from encodings import cp1252
from functools import lru_cache

_ALIASES = {
    "latin1": "windows-1252",
    "latin-1": "windows-1252",
    "iso-8859-1": "windows-1252",
    "iso8859-1": "windows-1252",
    "ansi": "windows-1252",
    "x-ansi": "windows-1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "big5": "big5hkscs",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
}
"""As browsers read them (WHATWG Encoding): who says `iso-8859-1` sends windows-1252, `gb2312` gb18030."""

_NO_CHARSETS = {"unicode_escape", "raw_unicode_escape", "punycode", "idna", "undefined", "mbcs", "oem"}
_SAMPLE = 64 * 1024  # bytes that tell a wrong charset: some codecs take a second for a megabyte of what is not theirs
_MOST_BROKEN = 0.05  # of the characters; above it the declared charset is a wrong one, not a damaged text
_NOT_SHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff]")
_WINDOWS_1252 = cp1252.decoding_table.replace("\ufffe", "\ufffd")  # far faster than to have each � asked for
_TRUNCATED = re.compile("\ufffd\\Z")


def decode(data: bytes, declared: str | None = None) -> str:
    """As declared; where that is a lie, UTF-8; where that fails too, windows-1252, with � for what has no character."""
    codec = _codec(declared)
    for attempt in (codec, "utf-8"):
        if attempt and (text := _try(data, attempt, "strict")) is not None:
            return text
    for attempt in (codec, "utf-8"):
        if attempt and attempt != "cp1252" and _mostly(_try(data[:_SAMPLE], attempt, "replace")):
            text = _try(data, attempt, "replace")
            if text is not None and _damaged(text):
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


@lru_cache(maxsize=256)
def _codec(declared: str | None) -> str | None:
    name = (declared or "").strip(" \t\r\n\"'").lower()[:60]
    try:
        found = codecs.lookup(_ALIASES.get(name, name)).name
    except (LookupError, ValueError, UnicodeError):
        return None
    return None if found.replace("-", "_") in _NO_CHARSETS or found == "ascii" else found  # not ASCII: not as declared


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
    return _TRUNCATED.sub("", text).count("\ufffd")


def _damaged(text: str) -> bool:
    """And not one in another charset, of which nothing beyond ASCII can be read."""
    return _mostly(text) and _broken(text) * 2 <= len(text) - len(text.encode("ascii", "ignore"))
