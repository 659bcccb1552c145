"""
What is too large to be in memory as a whole leaves a piece at a time, as fast as the server takes it.

aiosmtplib's own `data` wants bytes, and makes four copies of them and millions of small ones. The names of it that are
private and used here stand in a contract test.
"""

import asyncio
from collections.abc import Iterator
from typing import BinaryIO

import aiosmtplib
from aiosmtplib import SMTPDataError, SMTPServerDisconnected
from aiosmtplib.protocol import SMTPProtocol

PIECE = 64 * 1024


class NotAll(Exception):
    """The line broke before the last piece: the server has no whole letter, and none is under way."""


def size_of(content: BinaryIO) -> int:
    """In bytes."""
    return content.seek(0, 2)


async def data(client: aiosmtplib.SMTP, content: BinaryIO, *, timeout: float, answer_within: float) -> None:
    """
    DATA, from the beginning of `content`, whose lines end in CRLF. `timeout`: for each piece, and for
    each answer but the last.

    Raises SMTPDataError for an answer other than 354 and 250, NotAll, and what aiosmtplib raises where no answer came.
    """
    try:
        answer = await client.execute_command(b"DATA")
    except (aiosmtplib.SMTPException, OSError):
        raise NotAll from None
    if answer.code != 354:
        raise SMTPDataError(answer.code, answer.message)
    protocol = client.protocol
    if protocol is None:
        raise NotAll
    protocol._response_pending = True  # else what the server says before it has all would be lost
    try:
        for piece in _stuffed(content):
            protocol.write(piece)
            async with asyncio.timeout(timeout):
                await protocol._drain_helper()
    except (SMTPServerDisconnected, OSError):  # TimeoutError is one
        await _said_no(protocol)
        raise NotAll from None
    protocol.write(b".\r\n")
    answer = await protocol.read_response(timeout=answer_within)
    if answer.code != 250:
        raise SMTPDataError(answer.code, answer.message)


def _stuffed(content: BinaryIO) -> Iterator[bytes]:
    """Of whole lines; a dot at the beginning of one is doubled (RFC 5321, 4.5.2)."""
    content.seek(0)
    while piece := content.read(PIECE) + content.readline():
        yield (b"\n" + piece).replace(b"\n.", b"\n..")[1:]


async def _said_no(protocol: SMTPProtocol) -> None:
    """Raises SMTPDataError where the server has said why, and then closed the line."""
    try:
        answer = await protocol.read_response(timeout=0.1)
    except aiosmtplib.SMTPException:
        return
    if answer.code >= 400:
        raise SMTPDataError(answer.code, answer.message)
