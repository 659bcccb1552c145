"""Transfer encodings undone as far as that goes (RFC 2045, 6)."""

import binascii
import re
from itertools import islice

from mail.parse import base64
from mail.parse.comments import without_comments

MOST_UU_LINES = 1_000_000  # 45 bytes each
_LINES = re.compile(rb"[^\r\n]+")
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)
_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[^a-z0-9]+")
_BLANKS_BEHIND_A_SOFT_BREAK = re.compile(rb"=[ \t]+(?=\r?\n|\Z)")
_QUOTED = re.compile(rb"=(?:3[Dd]|[C-F][0-9A-F]|\r?\n)")
_NOT_QUOTED = re.compile(rb"=(?![0-9A-Fa-f]{2})")


def undone(data: bytes, encoding: str) -> bytes:
    """`encoding` as it is written, which may be slightly off; what nobody knows is left as it is."""
    name = _NEITHER_LETTER_NOR_DIGIT.sub("", without_comments(encoding.split(";")[0]).lower()).removeprefix("x")
    if name in {"base64", "b64"}:
        return base64.of_body(data)
    if name in {"quotedprintable", "qp"}:
        return _unquoted(data)
    if name in {"uuencode", "uue"}:
        return _uudecoded(data)
    return data


def _unquoted(data: bytes) -> bytes:
    """Where nothing but a program's word says that it is quoted, `width=80` stays."""
    if not _QUOTED.search(data) and len(list(islice(_NOT_QUOTED.finditer(data), 3))) == 3:
        return data
    if b"= " in data or b"=\t" in data:
        data = _BLANKS_BEHIND_A_SOFT_BREAK.sub(b"=", data)
    return binascii.a2b_qp(data)


def _uudecoded(data: bytes) -> bytes:
    begin = _UU_BEGIN.search(data)
    out = list[bytes]()
    for line in islice(_LINES.finditer(data, begin.end() if begin else 0), MOST_UU_LINES):
        if line[0].strip() in {b"end", b"`"}:
            break
        out.append(_uuline(line[0]))
    return b"".join(out)


def _uuline(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:  # some encoders write too much: what the length at its front promises is enough
        try:
            return binascii.a2b_uu(line[: (((line[0] - 32) & 63) * 4 + 5) // 3])
        except binascii.Error:
            return b""
