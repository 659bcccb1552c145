"""What kind of file it is, by its first bytes: neither its name nor what the browser says can be trusted."""

from models.sheet.sheet import MOST_BYTES, Unreadable

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_OTHERS = (
    (b"%PDF", "a PDF"),
    (b"{\\rtf", "a text of a word processor (RTF)"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a compressed file (gzip)"),
    (b"7z\xbc\xaf", "a compressed file (7-Zip)"),
    (b"Rar!", "a compressed file (RAR)"),
    (b"PK\x05\x06", "an empty archive"),
)
_SAVE = "Open it in your program, save it as XLSX or as CSV, and upload that."


def is_workbook(content: bytes) -> bool:
    """Whether it is an archive, as XLSX is; else it is text. Raises Unreadable, for an empty file too."""
    if not content:
        raise Unreadable("The file is empty.")
    if len(content) > MOST_BYTES:
        raise Unreadable(f"The file has more than {MOST_BYTES // 1024**2} MB. Split it, and import the parts.")
    if content.startswith(_OLE):
        raise Unreadable(_old(content))
    if name := next((name for first, name in _OTHERS if content.startswith(first)), ""):
        raise Unreadable(f"This is {name}, no list of clients. {_SAVE}")
    if _is_markup(content):
        raise Unreadable(f"This is a web page or XML, whatever its name says. {_SAVE}")
    return content.startswith(_ZIP)


def _old(content: bytes) -> str:
    """An old workbook (.xls), or a new one with a password, which Excel wraps in the same way."""
    if _LOCKED in content:
        return "The workbook is protected by a password. Save it without one, and upload that."
    return f"This is a workbook of the old kind (.xls), whatever its name says. {_SAVE}"


def _is_markup(content: bytes) -> bool:
    """HTML or XML: many programs write it and call it .xls."""
    beginning = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return beginning.startswith((b"<!doctype", b"<html", b"<?xml", b"<table"))
