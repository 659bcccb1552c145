"""winmail.dat as Outlook writes it ([MS-OXTNEF])."""

import base64
import struct
from collections.abc import Sequence

from mail.parse.tnef.mapi import Property
from mail.parse.tnef.stream import SIGNATURE, Name

TEXT, UNICODE, BINARY, OBJECT, NUMBER = 0x1E, 0x1F, 0x0102, 0x0D, 0x03
_MESSAGE = bytes.fromhex("0703020000000000c000000000000046")


def attribute(name: int, data: bytes, *, length: int | None = None) -> bytes:
    level = 2 if name in {Name.ATTACH_BEGINS, Name.ATTACH_DATA, Name.ATTACH_TITLE, Name.ATTACH_PROPERTIES} else 1
    return (
        struct.pack("<BII", level, name, len(data) if length is None else length)
        + data
        + struct.pack("<H", sum(data) & 0xFFFF)
    )


def filled(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data + b"\0" * (-len(data) % 4)


def value(number: int, kind: int, said: str | bytes | int) -> bytes:
    head = struct.pack("<HH", kind, number)
    if isinstance(said, int):
        return head + struct.pack("<I", said)
    if isinstance(said, str):
        said = (said + "\0").encode("utf-16-le" if kind == UNICODE else "cp1252")
    return head + struct.pack("<I", 1) + filled(said)


def values(*those: bytes) -> bytes:
    return struct.pack("<I", len(those)) + b"".join(those)


def rtf(text: str | bytes) -> bytes:
    """Compressed as little as may be: letter by letter."""
    data = text.encode("ascii") if isinstance(text, str) else text
    runs = b"".join(b"\0" + data[at : at + 8] for at in range(0, len(data), 8))
    return struct.pack("<IIII", len(runs) + 12, len(data), 0x75465A4C, 0) + runs


def a_file(name: str, content: bytes, *more: bytes) -> bytes:
    long_name = value(Property.ATTACH_LONG_NAME, UNICODE, name)
    return (
        attribute(Name.ATTACH_BEGINS, b"\1\0" + b"\0" * 12)
        + attribute(Name.ATTACH_TITLE, b"SHORT~1.TXT\0")
        + attribute(Name.ATTACH_DATA, content)
        + attribute(Name.ATTACH_PROPERTIES, values(long_name, *more))
    )


def an_attached_letter(name: str, inside: bytes) -> bytes:
    said = values(value(Property.DISPLAY_NAME, TEXT, name), value(Property.ATTACH_DATA, OBJECT, _MESSAGE + inside))
    return attribute(Name.ATTACH_BEGINS, b"\1\0" + b"\0" * 12) + attribute(Name.ATTACH_PROPERTIES, said)


def winmail(*said: bytes, files: Sequence[bytes] = ()) -> bytes:
    """`said`: properties of the letter."""
    codepage = attribute(Name.CODEPAGE, struct.pack("<II", 1252, 0))
    properties = attribute(Name.MESSAGE_PROPERTIES, values(*said)) if said else b""
    return SIGNATURE + b"\0\0" + codepage + properties + b"".join(files)


def in_mail(
    tnef: bytes, *, text: str = "The plain one.", kind: str = "application/ms-tnef", name: str = "winmail.dat"
) -> bytes:
    return (
        b"From: marta@client.test\r\nTo: studio@firm.test\r\nSubject: Papers\r\nMessage-ID: <1@client.test>\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n'
        + text.encode()
        + f'\r\n--b\r\nContent-Type: {kind}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'.encode()
        + base64.encodebytes(tnef)
        + b"--b--\r\n"
    )
