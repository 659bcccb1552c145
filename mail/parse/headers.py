"""The header block: fields, encoded words, parameters. Tolerant, and linear in the size of the block."""

import binascii
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import pybase64

from mail.parse.charsets import decode
from mail.parse.parsed import Unreadable

LARGEST_BLOCK = 256 * 1024  # bytes
LONGEST_PARAMETERS = 16 * 1024  # characters; 20,000 `;` are nobody's file name

_LINE = re.compile(rb"([^\r\n]*)(\r\n|\n|\r|\Z)")
_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,200})[ \t]*:")
_KNOWN = re.compile(
    rb"(?:(?<=[\r\n])|\A)(?:from|to|cc|bcc|date|subject|sender|reply-to|message-id|in-reply-to|references|received"
    rb"|return-path|mime-version|content-(?:type|transfer-encoding|disposition|id))[ \t]*:",
    re.IGNORECASE,
)
_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]{1,80}\?[bBqQ]\?)")
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,100})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))', re.DOTALL)
_PIECE = re.compile(r"([^*]+)(?:\*(\d{1,4}))?(\*)?\Z")


@dataclass(frozen=True, slots=True)
class Headers:
    """Fields in their order, names in lower case, values unfolded but not decoded."""

    fields: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        return [value for field, value in self.fields if field == name]

    def first(self, name: str) -> str | None:
        return next((value for field, value in self.fields if field == name), None)


def split(raw: bytes, start: int, end: int) -> tuple[Headers, int]:
    """The header fields from `start` on, and where the body begins. Raises Unreadable beyond 256 kB."""
    position, fields, known = start, list[list[bytes]](), -1
    while position < end:
        line = _LINE.match(raw, position, end)
        assert line is not None
        text = line[1]
        if not text:
            return _read(fields), line.end()
        if text[:1] in b" \t":
            _continue(fields, text)
        elif field := _FIELD.match(text):
            fields.append([field[1], text[field.end() :]])
        elif not text.startswith((b"From ", b">From ")):
            # Somebody forgot to indent a line, or the blank line: it is the former where well-known fields follow.
            known = _last_known(raw, start, end) if known < 0 else known
            if known < position:
                return _read(fields), position
        position = line.end()
        if position - start > LARGEST_BLOCK:
            raise Unreadable(f"A header block is larger than {LARGEST_BLOCK // 1024} kB.")
    return _read(fields), end


def _continue(fields: list[list[bytes]], text: bytes) -> None:
    if fields:
        fields[-1].append(text)


def _last_known(raw: bytes, start: int, end: int) -> int:
    """Where the last well-known field of the block begins."""
    blank = re.compile(rb"\r\n\r\n|\n\n|\r\r").search(raw, start, min(end, start + LARGEST_BLOCK))
    stop = blank.start() if blank else min(end, start + LARGEST_BLOCK)
    return max((found.start() for found in _KNOWN.finditer(raw, start, stop)), default=start - 1)


def _read(fields: list[list[bytes]]) -> Headers:
    return Headers(tuple((name.decode("ascii").lower(), _value(lines)) for name, *lines in fields))


def _value(lines: list[bytes]) -> str:
    return decode(b"".join(lines)).strip()


def decoded(value: str) -> str:
    """`value` with its encoded words read (RFC 2047), also where they are not quite as the standard wants them."""
    if "=?" not in value:
        return value
    out, done, run = list[str](), 0, list[bytes]()
    charset = ""
    for word in _WORD.finditer(value := _BETWEEN.sub(r"\1", value)):
        named = word[1].split("*")[0].lower()
        if run and (word.start() > done or named != charset):
            out.append(decode(b"".join(run), charset))
            run = []
        out.append(value[done : word.start()])
        run, charset, done = [*run, _bytes_of(word[2], word[3])], named, word.end()
    tail = [decode(b"".join(run), charset)] if run else []
    return "".join([*out, *tail, value[done:]])


def _bytes_of(kind: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    return base64(data) if kind in "bB" else binascii.a2b_qp(data, header=True)


MOST_RUNS = 1_000
_PADDING = re.compile(rb"=[=\s]*")
_NO_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))


def base64(data: bytes) -> bytes:
    """What can be read of it: noise is skipped, a lost end costs two bytes, each run may have its padding."""
    return b"".join(_run(run) for run in _PADDING.split(data, maxsplit=MOST_RUNS))


def _run(data: bytes) -> bytes:
    clean = data.translate(None, _NO_BASE64)
    clean = clean[:-1] if len(clean) % 4 == 1 else clean
    return pybase64.b64decode(clean + b"=" * (-len(clean) % 4))


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """`text/plain; charset=x` → ("text/plain", {"charset": "x"}), with RFC 2231's pieces put together."""
    value = value[:LONGEST_PARAMETERS]
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for found in _PARAMETER.finditer(value):
        text = re.sub(r"\\(.)", r"\1", found[2]) if found[2] is not None else found[3].strip()
        if piece := _PIECE.match(found[1].lower()):
            pieces.setdefault(piece[1], {}).setdefault(int(piece[2] or -1), (bool(piece[3]), text))
    return value.split(";")[0].strip().lower(), {name: _joined(parts) for name, parts in pieces.items()}


def _joined(parts: dict[int, tuple[bool, str]]) -> str:
    if -1 in parts and not parts[-1][0]:
        return decoded(parts[-1][1])
    ordered = [parts[number] for number in sorted(parts)]
    if not any(encoded for encoded, _ in ordered):
        return decoded("".join(text for _, text in ordered))
    charset, _, rest = ordered[0][1].partition("'") if ordered[0][0] and ordered[0][1].count("'") >= 2 else ("", "", "")
    texts = [rest.partition("'")[2] if rest else ordered[0][1], *(text for _, text in ordered[1:])]
    data = (
        unquote_to_bytes(text) if encoded else text.encode("utf-8", "replace")
        for (encoded, _), text in zip(ordered, texts, strict=True)
    )
    return decode(b"".join(data), charset)
