"""Properties: typed values by number ([MS-OXTNEF], 2.1.3.4; [MS-OXPROPS])."""

import struct
from dataclasses import dataclass
from enum import IntEnum

from mail.parse import charsets
from mail.parse.tnef.codepages import charset
from mail.parse.tnef.stream import Broken

MOST_PROPERTIES = 20_000
MOST_VALUES = 100_000
_NAMED = 0x8000
_MANY = 0x1000
_STRING8, _UNICODE, _BINARY, _OBJECT = 0x001E, 0x001F, 0x0102, 0x000D
_LENGTHS = {0x0002: 4, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4, 0x000B: 4, 0x0014: 8,
            0x0040: 8, 0x0048: 16}  # fmt: skip
"""Bytes of values of a fixed length, with what fills them up to four."""


class Property(IntEnum):
    BODY = 0x1000
    RTF = 0x1009
    HTML = 0x1013
    DISPLAY_NAME = 0x3001
    ATTACH_DATA = 0x3701
    ATTACH_NAME = 0x3704
    ATTACH_LONG_NAME = 0x3707
    ATTACH_TYPE = 0x370E
    ATTACH_CONTENT_ID = 0x3712
    INTERNET_CODEPAGE = 0x3FDE
    MESSAGE_CODEPAGE = 0x3FFD


_KNOWN = set(Property)


@dataclass(frozen=True, slots=True)
class Value:
    """`type` as MAPI has it; `data` without what fills it up."""

    type: int
    data: bytes

    def number(self) -> int:
        return int.from_bytes(self.data[:4], "little")

    def text(self, narrow: str) -> str:
        """`narrow`: the charset of what is not Unicode."""
        if self.type == _UNICODE:
            return charsets.db_text(self.data.decode("utf-16-le", "replace"))
        return charsets.db_text(charsets.decode(self.data, narrow))

    @property
    def is_object(self) -> bool:
        return self.type == _OBJECT


def properties(data: memoryview) -> dict[int, Value]:
    """Those of a letter's and of its files' that are of interest. Raises Broken."""
    reader, values = _Reader(data), dict[int, Value]()
    count = reader.number()
    if count > MOST_PROPERTIES:
        raise Broken("too many properties")
    for _ in range(count):
        kind, number = reader.numbers()
        if number >= _NAMED:
            reader.skip_name()
        items = reader.values(kind)
        if number in _KNOWN and items and not kind & _MANY:
            values[number] = Value(kind, items[0])
    return values


def narrow_charset(values: dict[int, Value], fallback: str) -> str:
    """Of texts that are not Unicode."""
    codepage = values.get(Property.MESSAGE_CODEPAGE)
    return charset(codepage.number()) if codepage else fallback


class _Reader:
    """Goes forward only. Each value costs its bytes, and there are no more of them than bytes."""

    def __init__(self, data: memoryview) -> None:
        self._data, self._place, self._values = data, 0, 0

    def number(self) -> int:
        return int.from_bytes(self._take(4), "little")

    def numbers(self) -> tuple[int, int]:
        first, second = struct.unpack("<HH", self._take(4))
        return int(first), int(second)

    def skip_name(self) -> None:
        self._take(16)
        if self.number() == 0:
            self._take(4)
        else:
            self._filled(self.number())

    def values(self, kind: int) -> list[bytes]:
        base = kind & ~_MANY
        varies = base in {_STRING8, _UNICODE, _BINARY, _OBJECT}
        if not varies and base not in _LENGTHS:
            raise Broken("a type that nobody knows")
        count = self.number() if varies or kind & _MANY else 1
        self._values += count
        if self._values > MOST_VALUES:
            raise Broken("too many values")
        return [bytes(self._filled(self.number() if varies else _LENGTHS[base])) for _ in range(count)]

    def _filled(self, length: int) -> memoryview:
        taken = self._take(length)
        self._place = min(self._place + -length % 4, len(self._data))
        return taken

    def _take(self, length: int) -> memoryview:
        if self._place + length > len(self._data):
            raise Broken("cut off")
        self._place += length
        return self._data[self._place - length : self._place]
