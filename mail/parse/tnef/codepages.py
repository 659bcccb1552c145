"""Windows' numbers of charsets → names as e-mails have them."""

_NAMES = {20127: "us-ascii", 20866: "koi8-r", 21866: "koi8-u", 50220: "iso-2022-jp", 51932: "euc-jp", 51949: "euc-kr",
          54936: "gb18030", 65000: "utf-7", 65001: "utf-8"}  # fmt: skip
_NAMES |= {28590 + part: f"iso-8859-{part}" for part in range(1, 17)}
_OF_FONTS = {128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256, 186: 1257,
             204: 1251, 222: 874, 238: 1250}  # fmt: skip


def charset(codepage: int) -> str:
    return _NAMES.get(codepage) or f"cp{codepage}"


def charset_of_font(number: int) -> str | None:
    """Of `\\fcharset` in RTF. None: that of the whole text."""
    return charset(_OF_FONTS[number]) if number in _OF_FONTS else None
