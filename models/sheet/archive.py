"""An XLSX file is an archive, checked before it is unpacked: a small one may hold gigabytes."""

import zlib
from collections.abc import Iterator
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from models.sheet.sheet import Unreadable

MOST_UNPACKED = 256 * 1024 * 1024
"""Bytes of all files in it, both as stated and as unpacked."""
MOST_FILES = 2_000
PIECE = 64 * 1024
DAMAGED = "The workbook is damaged, or only a part of it came. Save it anew, and upload that."
LOCKED = "The workbook is protected by a password. Save it without one, and upload that."
_TOO_LARGE = f"Unpacked, the workbook would take more than {MOST_UNPACKED // 1024**2} MB. Save the list alone as CSV."
_KINDS = (
    ("mimetype", "a document of LibreOffice or OpenOffice (such as .ods)"),
    ("xl/workbook.bin", "a binary workbook (.xlsb)"),
    ("word/document.xml", "a document of Word"),
    ("ppt/presentation.xml", "a presentation"),
    ("Index/Document.iwa", "a document of Apple"),
)
_ENCRYPTED = 1
_LOCAL_HEADER = 30  # bytes, before a name and extra fields (APPNOTE.TXT, 4.3.7)


def opened(content: bytes) -> ZipFile:
    """
    The archive, no file of which is longer than it says. Raises Unreadable: another kind of archive, damaged,
    protected, or over 256 MB unpacked.
    """
    try:
        archive = ZipFile(BytesIO(content))
        files = archive.infolist()
    except (BadZipFile, ValueError, NotImplementedError, OSError):
        raise Unreadable(DAMAGED) from None
    _must_be_a_workbook({file.filename for file in files})
    if len(files) > MOST_FILES or sum(file.file_size for file in files) > MOST_UNPACKED:
        raise Unreadable(_TOO_LARGE)
    for file in files:
        _must_be_as_it_says(content, file)
    return archive


def _must_be_a_workbook(names: set[str]) -> None:
    if "xl/workbook.xml" not in {name.lower() for name in names}:
        kind = next((kind for name, kind in _KINDS if name in names), "another archive (ZIP)")
        raise Unreadable(f"This is {kind}, no workbook of Excel. Save it as XLSX or as CSV, and upload that.")


def _must_be_as_it_says(content: bytes, file: ZipInfo) -> None:
    """The sizes it states are nobody's word, and the workbook's reader goes on to the real end of each file."""
    if file.flag_bits & _ENCRYPTED:
        raise Unreadable(LOCKED)
    if file.compress_type == ZIP_STORED:
        size = file.compress_size
    elif file.compress_type == ZIP_DEFLATED:
        size = _unpacked(_packed(content, file), most=file.file_size)
    else:
        raise Unreadable(DAMAGED)
    if size != file.file_size:
        raise Unreadable(DAMAGED)


def _packed(content: bytes, file: ZipInfo) -> Iterator[bytes]:
    head = content[file.header_offset : file.header_offset + _LOCAL_HEADER]
    name, extra = (int.from_bytes(head[at : at + 2], "little") for at in (_LOCAL_HEADER - 4, _LOCAL_HEADER - 2))
    start = file.header_offset + _LOCAL_HEADER + name + extra
    for at in range(start, start + file.compress_size, PIECE):
        yield content[at : min(at + PIECE, start + file.compress_size)]


def _unpacked(packed: Iterator[bytes], *, most: int) -> int:
    """How many bytes a file comes to; counting ends beyond `most`."""
    unpacker, count = zlib.decompressobj(-zlib.MAX_WBITS), 0
    try:
        for piece in packed:
            while piece and count <= most:
                count += len(unpacker.decompress(piece, PIECE))
                piece = unpacker.unconsumed_tail
            if count > most:
                break
        return count + len(unpacker.flush() if count <= most else b"")
    except zlib.error:
        raise Unreadable(DAMAGED) from None
