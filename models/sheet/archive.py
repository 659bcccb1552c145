"""The archive that an XLSX file is, before its reader unpacks it: a small one may hold gigabytes."""

import zlib
from io import BytesIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from models.sheet.sheet import Unreadable

MOST_UNPACKED = 256 * 1024 * 1024
"""Bytes of all files in it, as they say and as they are."""
MOST_FILES = 2_000
_PIECE = 64 * 1024
_KINDS = (
    ("mimetype", "a document of LibreOffice or OpenOffice (.ods)"),
    ("xl/workbook.bin", "a binary workbook (.xlsb)"),
    ("word/document.xml", "a document of Word"),
    ("ppt/presentation.xml", "a presentation"),
    ("Index/Document.iwa", "a document of Apple"),
)
_DAMAGED = "The workbook is damaged, or only a part of it came. Save it anew, and upload that."


def must_be_a_workbook(content: bytes) -> None:
    """Raises Unreadable: another kind of archive, damaged, protected, or of more than 256 MB when it is unpacked."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            files = archive.infolist()
    except (BadZipFile, ValueError, NotImplementedError, OSError):
        raise Unreadable(_DAMAGED) from None
    _must_be_of_its_kind({file.filename for file in files})
    if len(files) > MOST_FILES or sum(file.file_size for file in files) > MOST_UNPACKED:
        raise Unreadable(_too_large())
    _must_unpack_so(content, files)


def _must_be_of_its_kind(names: set[str]) -> None:
    kind = next((kind for name, kind in _KINDS if name in names), "another archive (ZIP)")
    if not any(name.lower().startswith("xl/workbook") and name.lower().endswith(".xml") for name in names):
        raise Unreadable(f"This is {kind}, no workbook of Excel. Save it as XLSX or as CSV, and upload that.")


def _must_unpack_so(content: bytes, files: list[ZipInfo]) -> None:
    """What a file in the archive says of its size nobody has checked; the reader would go on to its end."""
    room = MOST_UNPACKED
    for file in files:
        if file.flag_bits & 1:
            raise Unreadable("The workbook is protected by a password. Save it without one, and upload that.")
        if file.compress_type == 8:
            room -= _unpacked(content, file, room)
        if room < 0:
            raise Unreadable(_too_large())


def _unpacked(content: bytes, file: ZipInfo, most: int) -> int:
    """Bytes, counted piece by piece until there are more than `most`."""
    start = file.header_offset + 30
    name, extra = (int.from_bytes(content[at : at + 2], "little") for at in (start - 4, start - 2))
    unpacker, count, packed = zlib.decompressobj(-15), 0, content[start + name + extra :][: len(content)]
    try:
        while not unpacker.eof and count <= most:
            piece = unpacker.decompress(packed, _PIECE)
            count, packed = count + len(piece), unpacker.unconsumed_tail
            if not piece and not packed:
                break
    except zlib.error:
        raise Unreadable(_DAMAGED) from None
    return count


def _too_large() -> str:
    return f"Unpacked, the workbook would take more than {MOST_UNPACKED // 1024**2} MB. Save the list alone as CSV."
