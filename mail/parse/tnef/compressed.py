"""Compressed RTF ("LZFu", [MS-OXRTFCP])."""

import struct

from mail.parse.tnef.stream import Broken

MOST_BYTES = 3_000_000  # of what comes out; what comes after is only in the raw source
_HEADER = struct.Struct("<IIII")
_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D
_KNOWN = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    rb"SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0" + b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
"""What every such text may refer to from its beginning."""
_WINDOW = 4096


def decompressed(data: bytes) -> bytes:
    """As far as it goes, 3 MB at most. Raises Broken."""
    if len(data) < _HEADER.size:
        raise Broken("no RTF")
    _, size, kind, _ = _HEADER.unpack_from(data)
    if kind == _PLAIN:
        return data[_HEADER.size : _HEADER.size + min(size, MOST_BYTES)]
    if kind != _COMPRESSED:
        raise Broken("no RTF")
    return _unpacked(data, min(size, MOST_BYTES))


def _unpacked(data: bytes, size: int) -> bytes:
    """
    `out` begins with what is known, so that a place in the window of 4,096 bytes, where writing began behind it, is a
    place so many bytes back.
    """
    out, place = bytearray(_KNOWN), _HEADER.size
    size += len(_KNOWN)
    while place < len(data) and len(out) < size:
        control, place = data[place], place + 1
        if control == 0:
            out += data[place : place + 8]
            place += 8
            continue
        for bit in range(8):
            if not control >> bit & 1:
                out += data[place : place + 1]
                place += 1
                continue
            pair = int.from_bytes(data[place : place + 2], "big")
            back = (len(out) - (pair >> 4)) % _WINDOW
            place += 2
            if back == 0 or place > len(data):  # the writing place itself ends it
                return bytes(out[len(_KNOWN) : size])
            _copy(out, back, (pair & 15) + 2)
    return bytes(out[len(_KNOWN) : size])


def _copy(out: bytearray, back: int, length: int) -> None:
    """What is copied may reach into itself. Before the first byte there is nothing: nobody refers to it."""
    begins = max(len(out) - back, 0)
    piece = bytes(out[begins : begins + length])
    out += (piece * length)[:length]
