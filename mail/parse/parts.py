"""The MIME tree. Parts are places in one bytes object, nothing is copied until a leaf is read (RFC 2046)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mail.parse import headers, transfer
from mail.parse.charsets import one_line
from mail.parse.comments import without_comments
from mail.parse.headers import Headers
from mail.parse.parameters import parameters
from mail.parse.parsed import Unreadable

DEEPEST = 100
MOST_PARTS = 1_000
_GUESS = re.compile(rb"^--([^\s][^\r\n]{0,199}?)[ \t\r]*\n(?:Content-|MIME-Version:)", re.MULTILINE | re.IGNORECASE)
_GUESS_ALONE = re.compile(rb"^--([^\s-][^\r\n]{0,69}?)[ \t\r]*$", re.MULTILINE)
_REST_OF_LINE = rb"(--)?[ \t]*(?:\r\n|\n|\r|\Z)"
_TYPE = re.compile(r"[\w.+!#$&^-]{1,100}/[\w.+!#$&^-]{1,100}", re.ASCII)
_TYPES_TOO = {"text": "text/plain", "text/": "text/plain", "plain": "text/plain", "plain/text": "text/plain"}
_TYPES_TOO |= {"html": "text/html", "html/text": "text/html"}
_MULTIPART = rb"multipart/[^\r\n]{0,200}(?:\r?\n[ \t][^\r\n]{0,200}){0,3}boundary[ \t]*=[ \t\"']{0,3}"
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_LONGEST_HEADERS = 4_096  # bytes, of a part that may have the boundary of the whole
_TOP_LEVELS = ("text/", "message/", "application/", "image/", "audio/", "video/", "font/", "model/", "x-")


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
        return transfer.undone(self.raw[self.start : self.end], self.headers.first("content-transfer-encoding") or "")


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
    written, params = parameters(fields.first("content-type") or fallback)
    disposition, more = parameters(fields.first("content-disposition") or "")
    filename = more.get("filename") or params.get("name") or more.get("name") or params.get("filename")
    kind = _kind(written, params, "application/octet-stream" if filename and written else fallback)
    children: tuple[Part, ...] = ()
    if kind.startswith("multipart/"):
        default = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        places = _children(raw, start, end, params.get("boundary", ""))
        children = tuple(
            _part(raw, *_headed(raw, *place), place[1], fallback=default, depth=depth + 1, budget=budget)
            for place in places or ()
        )
        kind = "text/plain" if places is None else kind  # what is there is shown as it stands
    return Part(raw, fields, start, end, kind, params, disposition, filename or None, children)


def _kind(written: str, params: dict[str, str], fallback: str) -> str:
    """Of a type that is slightly off what it means (RFC 2045, 5.2; RFC 2046, 5.1.3)."""
    kind = _TYPES_TOO.get(written) or ((typed := _TYPE.match(written)) and typed[0]) or ""
    if written.startswith("multipart") and not kind.startswith("multipart/"):
        return "multipart/mixed"
    if "boundary" in params and kind and not kind.startswith(("multipart/", *_TOP_LEVELS)):
        return f"multipart/{kind.partition('/')[2]}"
    return kind or fallback


def _headed(raw: bytes, start: int, end: int) -> tuple[Headers, int]:
    return headers.split(raw, start, end)


def _children(raw: bytes, start: int, end: int, boundary: str) -> list[tuple[int, int]] | None:
    """Where the parts between the boundary lines begin and end; the last line may be missing. None: no such line."""
    for mark in _marks(raw, start, end, boundary):
        if places := list(_places(raw, start, end, mark)):
            return [place for place in places if place[0] >= 0]
    return None


def _marks(raw: bytes, start: int, end: int, boundary: str) -> Iterator[bytes]:
    """The boundary as declared; with what is no part of it taken off; at last what looks like one where none occurs."""
    plain = without_comments(boundary)
    for written in dict.fromkeys(
        (boundary, plain, boundary.strip(" '\"\\"), " ".join(plain.split()), "".join(plain.split()))
    ):
        if mark := written.encode("utf-8", "replace").rstrip():
            yield mark
    if guess := _GUESS.search(raw, start, end) or _GUESS_ALONE.search(raw, start, min(end, start + 4096)):
        yield guess[1]


def _places(raw: bytes, start: int, end: int, mark: bytes) -> Iterator[tuple[int, int]]:
    """(-1, …) for what stands in no part: that there is a boundary at all."""
    begun, inside, count = -1, 0, 0
    same = re.compile(_MULTIPART + re.escape(mark) + rb"[\"';\s]", re.IGNORECASE | re.DOTALL)
    for line in re.compile(re.escape(b"--" + mark) + _REST_OF_LINE).finditer(raw, start, end):
        if line.start() > start and raw[line.start() - 1] not in b"\r\n":
            continue
        if inside:  # of a part that has the same boundary
            inside += -1 if line[1] else _declares(same, raw, line.end(), end)
            continue
        yield begun, max(begun, _before_line_end(raw, line.start()))
        begun = -1 if line[1] else line.end()
        inside = 0 if line[1] else _declares(same, raw, begun, end)
        count += 1
        if count > MOST_PARTS:
            raise Unreadable(f"The message has more than {MOST_PARTS} parts.")
    if begun >= 0:
        yield begun, end


def _declares(same: re.Pattern[bytes], raw: bytes, start: int, end: int) -> int:
    """1 where the part that begins here is a multipart with the very same boundary, else 0."""
    blank = _BLANK_LINE.search(raw, start, min(end, start + _LONGEST_HEADERS))
    return int(same.search(raw, start, blank.start() + 1 if blank else start) is not None)


def _before_line_end(raw: bytes, place: int) -> int:
    """The line end before a boundary belongs to the boundary (RFC 2046, 5.1.1)."""
    return place - (2 if raw[place - 2 : place] == b"\r\n" else 1)


def safe_type(part: Part) -> str:
    """The content type as it may be stored and sent again."""
    return one_line(part.type, 255) or "application/octet-stream"
