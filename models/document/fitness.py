"""Which files may be saved: Office, PDF and pictures, by their name and by their first bytes (R20)."""

from collections.abc import Callable

from models.document.document import NotSavedReason

LARGEST = 25 * 1024 * 1024
HEADER = 1024
"""Bytes: the mark of a PDF may stand anywhere in the first ones, as PDF readers allow."""
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _begins(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(marks)


def _is_pdf(content: bytes) -> bool:
    return b"%PDF-" in content[:HEADER]


def _is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def _is_heic(content: bytes) -> bool:
    return content[4:8] == b"ftyp" and content[8:12] in {b"heic", b"heix", b"mif1", b"msf1"}


_IS: dict[str, Callable[[bytes], bool]] = {
    "pdf": _is_pdf,
    **dict.fromkeys(("docx", "xlsx", "pptx", "odt", "ods", "odp"), _begins(_ZIP)),
    **dict.fromkeys(("doc", "xls", "ppt"), _begins(_OLE)),
    "rtf": _begins(b"{\\rtf"),
    "png": _begins(b"\x89PNG\r\n\x1a\n"),
    **dict.fromkeys(("jpg", "jpeg"), _begins(b"\xff\xd8\xff")),
    "gif": _begins(b"GIF87a", b"GIF89a"),
    **dict.fromkeys(("tif", "tiff"), _begins(b"II*\0", b"MM\0*")),
    "bmp": _begins(b"BM"),
    "webp": _is_webp,
    **dict.fromkeys(("heic", "heif"), _is_heic),
}
"""By extension. Office files with macros are left out: they are programs."""


def unfit(name: str, content: bytes, *, shown: bool) -> NotSavedReason | None:
    """Why the file is never saved; None: it may be. `shown`: the message's HTML shows it as a picture."""
    if shown:
        return NotSavedReason.INLINE
    stem, _, extension = name.rpartition(".")
    looks_right = _IS.get(extension.lower()) if stem else None
    if looks_right is None or not looks_right(content):
        return NotSavedReason.FILE_TYPE
    return NotSavedReason.TOO_LARGE if len(content) > LARGEST else None
