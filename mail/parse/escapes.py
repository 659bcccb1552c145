"""
Japanese and Korean in seven bits, switched by escapes (RFC 1468, 1554, 1557), as mail programs write it: with the
characters that NEC and Microsoft added to the standard's (cp50221), with half-width katakana, or not in it at all.
"""

import re

_JAPANESE_SHIFT = re.compile(rb"\x1b\$[@B]")
_SHIFT = re.compile(rb"\x1b(\$\([@BCD]|\$[@AB]|\([BHIJ])")
_PAIR = re.compile(rb"[\x21-\x7e]{2}|[^\x21-\x7e]+|.", re.DOTALL)
_TWO_HIGH_BYTES = re.compile(rb"[\x80-\xff]{2}")
_END_OF_LINE = re.compile(rb"[\r\n]")
_KOREAN_SHIFT = b"\x1b$)C"
_JIS_X_0208 = {b"$@", b"$B", b"$(@", b"$(B"}
_EIGHT_BIT = {b"$A": "gb2312", b"$(C": "euc_kr"}


def is_japanese(data: bytes) -> bool:
    """Also where nothing, or another charset, was declared: no text in seven bits has such a shift by accident."""
    return data.isascii() and _JAPANESE_SHIFT.search(data) is not None


def japanese(data: bytes) -> str | None:
    """� for what has no character. None: it is no Japanese at all."""
    if b"\x1b" not in data:
        return _not_switched(data)
    try:
        return data.decode("iso2022_jp_2")
    except UnicodeDecodeError:
        return _by_shifts(data)


def korean(data: bytes) -> str:
    """The shift that its first line should have is sometimes missing, in a header always."""
    return (data if _KOREAN_SHIFT in data else _KOREAN_SHIFT + data).decode("iso2022_kr", "replace")


def _not_switched(data: bytes) -> str | None:
    """It is said to be so, and may be one of the other ways to write Japanese."""
    for codec in ("utf-8", "euc_jp", "cp932") if _TWO_HIGH_BYTES.search(data) else ("ascii",):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    return None


def _by_shifts(data: bytes) -> str:
    first, *switched = _SHIFT.split(data)
    out = [first.decode("cp932", "replace")]
    for shift, text in zip(switched[::2], switched[1::2], strict=True):
        end = _END_OF_LINE.search(text)  # with which it falls back to ASCII
        place = end.start() if end else len(text)
        out += [_shifted(shift, text[:place]), text[place:].decode("cp932", "replace")]
    return "".join(out)


def _shifted(shift: bytes, text: bytes) -> str:
    if shift in _JIS_X_0208:
        return b"".join(_in_shift_jis(pair) for pair in _PAIR.findall(text)).decode("cp932", "replace")
    if shift == b"$(D":
        return b"".join(_in_euc(pair, b"\x8f") for pair in _PAIR.findall(text)).decode("euc_jp", "replace")
    if codec := _EIGHT_BIT.get(shift):
        return b"".join(_in_euc(pair, b"") for pair in _PAIR.findall(text)).decode(codec, "replace")
    if shift == b"(I":
        return bytes(byte | 0x80 for byte in text).decode("cp932", "replace")
    return text.decode("cp932", "replace")


def _in_shift_jis(pair: bytes) -> bytes:
    """JIS X 0208, also with the rows (ku) of cells (ten) that NEC added, by the usual sum."""
    if len(pair) < 2 or not 0x21 <= pair[0] <= 0x7E:
        return pair
    ku, ten = pair
    lead = (ku + 1) // 2 + (0x70 if ku <= 0x5E else 0xB0)
    return bytes((lead, ten + (0x7E if ku % 2 == 0 else 0x1F if ten < 0x60 else 0x20)))


def _in_euc(pair: bytes, lead: bytes) -> bytes:
    return lead + bytes(byte | 0x80 for byte in pair) if len(pair) == 2 and pair[0] > 0x20 else pair
