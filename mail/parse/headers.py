"""The header block: its fields, unfolded. Tolerant, and linear in the size of the block."""

import re
from dataclasses import dataclass, field

from mail.parse.charset_names import codec_of
from mail.parse.charsets import decode
from mail.parse.encoded_words import with_raw_bytes_encoded
from mail.parse.escapes import is_japanese
from mail.parse.parameters import parameters
from mail.parse.parsed import Unreadable

LARGEST_BLOCK = 256 * 1024  # bytes

_LINE = re.compile(rb"([^\r\n]*)(\r\n|\n|\r|\Z)")
_FIELD = re.compile(  # with the lines that go on with it
    rb"([\x21-\x39\x3b-\x7e]{1,200})[ \t]*:([^\r\n]*+(?:(?:\r\n|\n|\r)[ \t][^\r\n]*+)*+)(?:\r\n|\n|\r|\Z)"
)
_ENDS = b"\r\n"
_KNOWN = re.compile(
    rb"(?:(?<=[\r\n])|\A)(?:from|to|cc|bcc|date|subject|sender|reply-to|message-id|in-reply-to|references|received"
    rb"|return-path|mime-version|content-(?:type|transfer-encoding|disposition|id))[ \t]*:",
    re.IGNORECASE,
)
_SINGLE_HIGH_BYTE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")


@dataclass(frozen=True, slots=True)
class Headers:
    """Fields in their order, names in lower case, values unfolded but not decoded."""

    fields: tuple[tuple[str, str], ...]
    _values: dict[str, list[str]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self.fields:
            self._values.setdefault(name, []).append(value)

    def all(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def first(self, name: str) -> str | None:
        """The first that says anything: some programs write an empty one above it."""
        values = self._values.get(name)
        return None if values is None else next(filter(None, values), "")


def split(raw: bytes, start: int, end: int) -> tuple[Headers, int]:
    """The header fields from `start` on, and where the body begins. Raises Unreadable beyond 256 kB."""
    position, fields, last = start, list[list[bytes]](), -1
    while position < end:
        if match := _FIELD.match(raw, position, end):
            fields.append([match[1], match[2]])
        else:
            match = _LINE.match(raw, position, end)
            assert match is not None
            text = match[1]
            if not text:
                return _read(raw[start:position], fields), match.end()
            if text[:1] in b" \t":
                _continue(fields, text)
            elif not text.startswith((b"From ", b">From ")):
                # Somebody forgot to indent a line, or the blank line: the former where well-known fields follow.
                last = _last_known(raw, start, end) if last < 0 else last
                if last < position or text.startswith(b"--"):  # the first boundary
                    return _read(raw[start:position], fields), position
        position = match.end()
        if position - start > LARGEST_BLOCK:
            raise Unreadable(f"A header block is larger than {LARGEST_BLOCK // 1024} kB.")
    return _read(raw[start:end], fields), end


def _continue(fields: list[list[bytes]], text: bytes) -> None:
    if fields:
        fields[-1].append(text)


def _last_known(raw: bytes, start: int, end: int) -> int:
    """Where the last well-known field of the block begins."""
    blank = re.compile(rb"\r\n\r\n|\n\n|\r\r").search(raw, start, min(end, start + LARGEST_BLOCK))
    stop = blank.start() if blank else min(end, start + LARGEST_BLOCK)
    return max((match.start() for match in _KNOWN.finditer(raw, start, stop)), default=start - 1)


def _read(block: bytes, fields: list[list[bytes]]) -> Headers:
    whole = [(name.decode("ascii").lower(), b"".join(lines).translate(None, _ENDS)) for name, *lines in fields]
    if block.isascii() and not is_japanese(block):
        return Headers(tuple([(name, value.decode("ascii").strip()) for name, value in whole]))
    kind = next((value for name, value in whole if name == "content-type" and value.strip()), b"")
    charset = parameters(kind.decode("latin-1"))[1].get("charset")
    return Headers(tuple([(name, _text(value, charset)) for name, value in whole]))


def _text(value: bytes, charset: str | None) -> str:
    """Of bytes that are not encoded: UTF-8, else as the letter itself is, else as decode() guesses."""
    value = with_raw_bytes_encoded(value) if b"=?" in value else value
    try:
        return decode(value).strip() if is_japanese(value) else value.decode("utf-8").strip()
    except UnicodeDecodeError:
        return decode(value, charset if _may_be_in(codec_of(charset), value) else None).strip()


def _may_be_in(codec: str | None, value: bytes) -> bool:
    """In Chinese and Korean bytes beyond ASCII come in pairs; a single one is an accented letter."""
    if codec is None or codec == "utf-8" or _SINGLE_HIGH_BYTE.search(value):
        return codec is not None and codec.startswith(("cp12", "iso8859", "koi8", "mac"))
    return codec not in {"utf-16", "utf-32", "utf-7", "hz"}
