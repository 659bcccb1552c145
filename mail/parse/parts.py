"""The MIME tree. Parts are places in one bytes object, nothing is copied until a leaf is read (RFC 2046)."""

import binascii
import re
from dataclasses import dataclass, field
from itertools import islice

from mail.parse import headers
from mail.parse.charsets import one_line
from mail.parse.headers import Headers
from mail.parse.parsed import Unreadable

DEEPEST = 100
MOST_PARTS = 1_000
MOST_UU_LINES = 1_000_000  # 45 bytes each
_GUESS = re.compile(rb"^--([^\s-][^\r\n]{0,69}?)[ \t\r]*$", re.MULTILINE)
_REST_OF_LINE = rb"(--)?[ \t]*(?:\r\n|\n|\r|\Z)"
_LINES = re.compile(rb"[^\r\n]+")
_TYPE = re.compile(r"[\w.+!#$&^-]{1,100}/[\w.+!#$&^-]{1,100}", re.ASCII)
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """One part: a leaf, or a multipart with children. `type` is like `text/plain`, in lower case."""

    raw: bytes = field(repr=False)
    headers: Headers
    start: int
    end: int
    type: str
    parameters: dict[str, str]
    disposition: str
    filename: str | None
    children: "tuple[Part, ...]" = ()

    def content(self) -> bytes:
        """Its bytes, with the transfer encoding undone as far as that goes."""
        data = self.raw[self.start : self.end]
        encoding = (self.headers.first("content-transfer-encoding") or "").strip(" \t\"';").lower()
        if encoding == "base64":
            return headers.base64(data)
        if encoding in {"quoted-printable", "quoted_printable"}:
            return binascii.a2b_qp(data)
        if encoding in {"uuencode", "x-uuencode", "x-uue", "uue"}:
            return _uudecoded(data)
        return data


@dataclass(slots=True)
class _Budget:
    parts: int = MOST_PARTS


def tree(raw: bytes, fields: Headers, start: int) -> Part:
    """The message's root part. Raises Unreadable where it is nested deeper than 100 or has more than 1,000 parts."""
    return _part(raw, fields, start, len(raw), fallback="text/plain", depth=0, budget=_Budget())


def _part(raw: bytes, fields: Headers, start: int, end: int, *, fallback: str, depth: int, budget: _Budget) -> Part:
    budget.parts -= 1
    if budget.parts < 0:
        raise Unreadable(f"The message has more than {MOST_PARTS} parts.")
    if depth > DEEPEST:
        raise Unreadable(f"The message is nested deeper than {DEEPEST} levels.")
    kind, parameters = headers.parameters(fields.first("content-type") or fallback)
    kind = kind if _TYPE.fullmatch(kind) else fallback
    disposition, more = headers.parameters(fields.first("content-disposition") or "")
    filename = more.get("filename") or parameters.get("name")
    children: tuple[Part, ...] = ()
    if kind.startswith("multipart/"):
        default = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        places = _children(raw, start, end, parameters.get("boundary", ""))
        children = tuple(
            _part(raw, *_headed(raw, *place), place[1], fallback=default, depth=depth + 1, budget=budget)
            for place in places or ()
        )
        kind = "text/plain" if places is None else kind  # what is there is shown as it stands
    return Part(raw, fields, start, end, kind, parameters, disposition, filename or None, children)


def _headed(raw: bytes, start: int, end: int) -> tuple[Headers, int]:
    return headers.split(raw, start, end)


def _children(raw: bytes, start: int, end: int, boundary: str) -> list[tuple[int, int]] | None:
    """Where the parts between the boundary lines begin and end; the last line may be missing. None: no such line."""
    mark = boundary.encode("utf-8", "replace").rstrip() or _guessed(raw, start, end)
    if not mark:
        return None
    begun, places = -1, list[tuple[int, int]]()
    for line in re.compile(re.escape(b"--" + mark) + _REST_OF_LINE).finditer(raw, start, end):
        if line.start() > start and raw[line.start() - 1] not in b"\r\n":
            continue
        if begun >= 0:
            places.append((begun, max(begun, _before_line_end(raw, line.start()))))
        begun = line.end()
        if line[1]:
            return places
        if len(places) > MOST_PARTS:
            raise Unreadable(f"The message has more than {MOST_PARTS} parts.")
    return [*places, (begun, end)] if begun >= 0 else None


def _guessed(raw: bytes, start: int, end: int) -> bytes:
    found = _GUESS.search(raw[start : min(end, start + 4096)])
    return found[1] if found else b""


def _before_line_end(raw: bytes, place: int) -> int:
    """The line end before a boundary belongs to the boundary (RFC 2046, 5.1.1)."""
    return place - (2 if raw[place - 2 : place] == b"\r\n" else 1)


def _uudecoded(data: bytes) -> bytes:
    begin = _UU_BEGIN.search(data)
    out = list[bytes]()
    for line in islice(_LINES.finditer(data, begin.end() if begin else 0), MOST_UU_LINES):
        if line[0].strip() in {b"end", b"`"}:
            break
        out.append(_uuline(line[0]))
    return b"".join(out)


def _uuline(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:  # some encoders write too much: what the length at its front promises is enough
        try:
            return binascii.a2b_uu(line[: (((line[0] - 32) & 63) * 4 + 5) // 3])
        except binascii.Error:
            return b""


def safe_type(part: Part) -> str:
    """The content type as it may be stored and sent again."""
    return one_line(part.type, 255) or "application/octet-stream"
