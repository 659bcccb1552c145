"""The bytes of an e-mail, written piece by piece into a file: what is attached is never in memory as a whole."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from mail.parse import own_fingerprint
from mail.submission import mime
from models.email import MessageAttachment
from models.ground import files
from models.submission.due import Due, Written

SMALL = 512 * 1024  # bytes that need no file on a disk
PIECE = 57 * 4096  # bytes of a file at a time; whole lines of base64


@contextmanager
def some_bytes() -> Iterator[BinaryIO]:
    """A file to write and to read, gone afterwards; in memory as long as it is small."""
    with tempfile.SpooledTemporaryFile(SMALL) as content:
        yield cast(BinaryIO, content)


async def compose(due: Due, words: Written, content: BinaryIO) -> bytes:
    """
    Into `content`; answers the fingerprint by which copies of it are known (R21).

    Raises ValueError for an address that cannot be written, FileNotFoundError and files.Away for what is attached.
    """
    boundary = f"=_{due.id.hex}"
    lines, text = mime.text_part(words.text)
    if words.attachments:
        header = mime.header(due, words, [f'Content-Type: multipart/mixed; boundary="{boundary}"'])
        content.write(header)
        content.write(_opened(boundary, lines) + text)
        for file in words.attachments:
            await _attach(due, file, boundary, content)
        content.write(f"--{boundary}--\r\n".encode())
    else:
        header = mime.header(due, words, lines)
        content.write(header + text)
    return await asyncio.to_thread(own_fingerprint, header, _from(content, len(header)))


def _opened(boundary: str, lines: list[str]) -> bytes:
    return "\r\n".join([f"--{boundary}", *lines, "", ""]).encode()


async def _attach(due: Due, file: MessageAttachment, boundary: str, content: BinaryIO) -> None:
    content.write(_opened(boundary, mime.file_part(file)))
    tail = b""
    async for piece in _small(await files.read(due.firm_id, file.file)):
        unwritten = tail + piece
        whole = len(unwritten) - len(unwritten) % 57
        tail = unwritten[whole:]
        await asyncio.to_thread(_encode, unwritten[:whole], content)
    content.write(mime.base64(tail))


async def _small(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same in small pieces: stores hand out ten megabytes at a time."""
    async for piece in pieces:
        for start in range(0, len(piece), PIECE):
            yield piece[start : start + PIECE]


def _encode(piece: bytes, content: BinaryIO) -> None:
    content.write(mime.base64(piece))


def _from(content: BinaryIO, start: int) -> Iterator[bytes]:
    content.seek(start)
    while piece := content.read(PIECE):
        yield piece
