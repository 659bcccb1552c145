"""Files that came with a letter, under names that do no harm."""

import mimetypes
import re

from mail.parse.charsets import one_line
from mail.parse.parsed import ParsedAttachment
from mail.parse.parts import Part, safe_type

LONGEST_NAME = 200  # characters
_TYPES = mimetypes.MimeTypes()  # the built-in table: the same on every machine
_NOT_IN_NAMES = re.compile(r'[<>:"|?*\u200b-\u200f]')
_IS_A_PATH = re.compile(r"\A[/~]|\A[A-Za-z]:/|(?:\A|/)\.{1,2}/|://|/[ .]*\Z")
_SEPARATORS = re.compile(r"[/\\]")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)", re.IGNORECASE)
_EXTENSIONS = {
    "message/rfc822": ".eml",
    "text/plain": ".txt",
    "text/html": ".html",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
}
_EXTENSIONS |= {"text/calendar": ".ics", "text/rfc822-headers": ".txt"}


def attachment(part: Part, number: int) -> ParsedAttachment:
    """`number` counts from 1 and stands in the name where the part has none."""
    kind = safe_type(part)
    identity = one_line((part.headers.first("content-id") or "").strip().strip("<>"), 500)
    name = safe_name(part.filename or "") or f"attachment-{number}{extension(kind)}"
    return ParsedAttachment(name=name, content_type=kind, content=part.content(), content_id=identity or None)


def safe_name(name: str) -> str:
    """The last component of a path, for a disk and for a screen; '' where nothing is left of it."""
    clean = _NOT_IN_NAMES.sub("_", _last(one_line(name, 2_000))).strip(" .")
    return _shortened(f"_{clean}" if _DEVICES.match(clean) else clean)


def _last(name: str) -> str:
    """A `/` is part of a name (`bill 3/2026.pdf`), but in what can only be a path; no name has a `\\`."""
    if "\\" in name or _IS_A_PATH.search(name):
        return _SEPARATORS.split(name.rstrip("/\\ "))[-1]
    return name.replace("/", "_")


def _shortened(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    if len(name) <= LONGEST_NAME:
        return name
    return (
        f"{stem[: LONGEST_NAME - 21]}.{extension}" if dot and len(extension) <= 20 else name[:LONGEST_NAME].strip(" .")
    )


def guessed_type(name: str) -> str:
    """By its extension."""
    return _TYPES.guess_type(name, strict=False)[0] or "application/octet-stream"


def extension(kind: str) -> str:
    plain = kind.startswith(("text/", "message/"))
    return _EXTENSIONS.get(kind) or _TYPES.guess_extension(kind) or (".txt" if plain else ".bin")
