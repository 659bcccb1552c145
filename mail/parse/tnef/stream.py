"""The bytes: a signature, then attribute after attribute ([MS-OXTNEF], 2.1)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

SIGNATURE = b"\x78\x9f\x3e\x22"
MOST_ATTRIBUTES = 20_000
_ATTRIBUTE = struct.Struct("<BII")
_CHECKSUM = 2  # bytes; not compared: some programs write a wrong one, and the letter is whole


class Broken(Exception):
    """It is not TNEF, or cut off, or says what cannot be."""


class Name(IntEnum):
    """Attributes that a letter is made of. The others are of no interest, and known by their length."""

    BODY = 0x0002800C
    ATTACH_TITLE = 0x00018010
    ATTACH_DATA = 0x0006800F
    ATTACH_TRANSPORT_NAME = 0x00069001
    ATTACH_BEGINS = 0x00069002
    MESSAGE_PROPERTIES = 0x00069003
    ATTACH_PROPERTIES = 0x00069005
    CODEPAGE = 0x00069007


_KNOWN = set(Name)


@dataclass(frozen=True, slots=True)
class Attribute:
    name: int
    data: memoryview


def attributes(data: bytes) -> Iterator[Attribute]:
    """Raises Broken, also in the middle. What stands behind the last one is nothing of its."""
    if data[:4] != SIGNATURE:
        raise Broken("no TNEF")
    view, place = memoryview(data), 6
    for _ in range(MOST_ATTRIBUTES):
        if place + _ATTRIBUTE.size > len(view):
            return
        level, name, length = _ATTRIBUTE.unpack_from(view, place)
        begins, ends = place + _ATTRIBUTE.size, place + _ATTRIBUTE.size + length
        if level not in (1, 2) or (ends > len(view) and name not in _KNOWN):
            return
        if ends > len(view):
            raise Broken("cut off")
        yield Attribute(name, view[begins:ends])
        place = ends + _CHECKSUM
    raise Broken("too many attributes")
