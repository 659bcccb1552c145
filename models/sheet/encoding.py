"""The bytes of a CSV file as text."""

import codecs

from models.sheet.sheet import UNREAD, Unreadable

_MARKS = (  # the longer first: UTF-32 begins as UTF-16 does
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BEGINNING = 4096  # bytes
GUESSED = (
    "The file does not say how its letters are written, and it is not UTF-8. It was read as Windows-1252, as Excel "
    "writes it in Western Europe. Look whether names with accents are right."
)
DAMAGED = "Some characters of the file could not be read. Each stands as \ufffd, and a cell with one is not taken."
NO_TEXT = "This is not a text file. Save it as CSV (UTF-8) or as XLSX, and upload that."


def text_of(content: bytes) -> tuple[str, list[str]]:
    """
    The text, and warnings about it: UTF-8, UTF-16 or UTF-32 by its mark (BOM), else UTF-8 if it can be, else
    Windows-1252. Marks are left out, also those in the middle, where files were put together. Raises Unreadable.
    """
    mark, encoding = next(((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", ""))
    if encoding:
        text, warnings = content[len(mark) :].decode(encoding, "replace"), list[str]()
    else:
        _must_be_text(content)
        text, warnings = _guessed(content)
    text = text.replace("\ufeff", "").replace("\0", UNREAD)
    return text, [*warnings, DAMAGED] if UNREAD in text else warnings


def _guessed(content: bytes) -> tuple[str, list[str]]:
    try:
        return content.decode(), []
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace"), [GUESSED]


def _must_be_text(content: bytes) -> None:
    """A NUL here or there is damage; many are UTF-16 that does not say so, or no text at all."""
    beginning = content[:_BEGINNING]
    if beginning.count(0) * 10 > len(beginning):
        raise Unreadable(NO_TEXT)
