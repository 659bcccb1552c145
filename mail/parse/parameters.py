"""`text/plain; charset=x`: a value with parameters, as programs write it (RFC 2045, 5.1; RFC 2183; RFC 2231)."""

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from mail.parse.charset_names import codec_of
from mail.parse.charsets import decode
from mail.parse.comments import without_comments
from mail.parse.encoded_words import decoded

_USUAL = 300  # characters
LONGEST = 16 * 1024  # characters; 20,000 `;` are nobody's file name

_KNOWN = (
    r"(?:charset|boundary|(?:file)?name|format|delsp|type|start|report-type|protocol|micalg|size|method|smime-type"
    r"|(?:creation|modification|read)-date|x-[\w-]{1,40})(?:\*\d{0,4}\*?)?\s*="
)
"""What begins a parameter also where somebody forgot the `;` before it."""
_HEAD = re.compile(rf"[^;]*?(?=;|[\s,]{_KNOWN}|\Z)", re.IGNORECASE)
_PARAMETER = re.compile(
    r'(?:(?:;|\A)\s*+|(?<=[\s",]))([^\s=;"(),]{1,100})\s*=\s*+'
    rf'(?:"((?:[^"\\]|\\.)*)"|([^;]*?)(?=;|[\s,]{_KNOWN}|\Z))',
    re.DOTALL | re.IGNORECASE,
)
_PIECE = re.compile(r"([^*]+)(?:\*(\d{1,4}))?(\*)?\Z")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED_MARK = re.compile(r"\\(\W)", re.DOTALL)
_WINDOWS_PATH = re.compile(r"[A-Za-z]:\\|\\\\\w")
_EXTENDED = re.compile(r"([\w.:-]{0,60})'(?:[\w-]{0,20}')?")
_SAYS_ITS_CHARSET = re.compile(r"(utf-8|iso-8859-\d{1,2}|windows-\d{3,4})'[\w-]{0,20}'", re.IGNORECASE)
_NAMES = {"name", "filename"}
_PLAIN, _WHOLE = -2, -1


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """("text/plain", {"charset": "x"}): the first in lower case, without comments, quotes and blanks. Not to change."""
    return _usual(value) if len(value) <= _USUAL else _parameters(value[:LONGEST])


@lru_cache(maxsize=512)
def _usual(value: str) -> tuple[str, dict[str, str]]:
    """Most parts of most letters say the same."""
    return _parameters(value)


def _parameters(value: str) -> tuple[str, dict[str, str]]:
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for parameter in _PARAMETER.finditer(value):
        if piece := _PIECE.match(parameter[1].lower()):
            number = int(piece[2]) if piece[2] else _WHOLE if piece[3] else _PLAIN
            text = _text(piece[1], parameter)
            pieces.setdefault(piece[1], {}).setdefault(number, (bool(piece[3]), text))
    return _head(value), {name: _put_together(parts) for name, parts in pieces.items()}


def _head(value: str) -> str:
    head = _HEAD.match(value)
    assert head is not None
    plain = head[0].strip(" \t,").lower()
    if plain.isascii() and "(" not in plain and '"' not in plain and " " not in plain and "=" not in plain:
        return plain
    return "" if "=" in plain else "".join(without_comments(plain.replace('"', "")).split())


def _text(name: str, parameter: re.Match[str]) -> str:
    if parameter[2] is None:
        return _unquoted(name, parameter[3].strip())
    if "\\" not in parameter[2]:
        return parameter[2]
    if name not in _NAMES:
        return _ESCAPED.sub(r"\1", parameter[2])
    if _WINDOWS_PATH.match(parameter[2]):  # by a program that knows paths, but no escapes
        return parameter[2].replace('\\"', '"')
    return _ESCAPED_MARK.sub(r"\1", parameter[2])


def _unquoted(name: str, text: str) -> str:
    """A quote may be lost, or be another one; of a file's name parentheses are part (`bill (2).pdf`)."""
    text = text.strip('"')
    if name in _NAMES:
        return text[1:-1] if len(text) > 2 and text[0] == text[-1] == "'" else text
    return text if name == "boundary" else without_comments(text).strip()


def _put_together(parts: dict[int, tuple[bool, str]]) -> str:
    """Who sends a name twice, plain and extended, sends the plain one for programs that know no better (RFC 6266)."""
    numbered = [parts[number] for number in sorted(parts) if number >= 0]
    plain = parts[_PLAIN][1] if _PLAIN in parts else ""
    whole = _extended([parts[_WHOLE]]) if _WHOLE in parts else ""
    together = _extended(numbered) if any(extended for extended, _ in numbered) else _joined(numbered)
    return (
        whole.strip()
        or together.strip()
        or (_extended([(True, plain)]) if _says_its_charset(plain) else decoded(plain))
    )


def _joined(parts: list[tuple[bool, str]]) -> str:
    return decoded("".join(text for _, text in parts))


def _says_its_charset(text: str) -> bool:
    return "%" in text and _SAYS_ITS_CHARSET.match(text) is not None


def _extended(parts: list[tuple[bool, str]]) -> str:
    """Put together first: a character, even one `%C3`, may be cut between two pieces."""
    match = _EXTENDED.match(parts[0][1]) if parts[0][0] else None
    if match and match[1] and codec_of(match[1]) is None and match[1].lower() not in {"us-ascii", "ascii"}:
        match = None  # an apostrophe of the name's own
    first = (parts[0][0], parts[0][1][match.end() :] if match else parts[0][1])
    written = "".join(text if extended else text.replace("%", "%25") for extended, text in (first, *parts[1:]))
    return decoded(decode(unquote_to_bytes(written), match[1] if match else None))
