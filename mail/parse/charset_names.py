"""What a charset is called in mail → the codec that reads it."""

import codecs
import re
from functools import lru_cache

JAPANESE, KOREAN = "iso-2022-jp", "iso-2022-kr"
"""Not names of codecs: they are read in `mail/parse/escapes.py`."""

_ALIASES = {
    "ansi": "cp1252",
    "x-ansi": "cp1252",
    "iso-latin-1": "cp1252",
    "latin-9": "iso8859-15",
    "dos-874": "cp874",
    "gb_2312": "gb18030",
    "gb_2312-80": "gb18030",
    "csgb2312": "gb18030",
    "cn-gb": "gb18030",
    "x-gbk": "gb18030",
    "cn-big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "ks_c_5601": "cp949",
    "ks_c_5601-1989": "cp949",
    "ksc_5601": "cp949",
    "x-sjis": "cp932",
    "x-euc": "euc_jp",
    "x-euc-jp": "euc_jp",
    "koi": "koi8-r",
    "koi8": "koi8-r",
    "koi8-ru": "koi8-u",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "x-mac-roman": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "iso-2022-jp-ms": JAPANESE,
    "cp50220": JAPANESE,
    "cp50221": JAPANESE,
    "cp50222": JAPANESE,
}
_WIDER = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "iso2022_kr": KOREAN,
}
"""As browsers read them (WHATWG Encoding): who says `iso-8859-1` sends windows-1252, `gb2312` gb18030."""

_OF_WINDOWS = re.compile(r"(?:x-)?(?:cs)?(?:cp|ms|win|windows)[-_]?(\d{2,4}j?)")
_NUMBERS = {"31j": "cp932", "936": "gb18030", "950": "big5hkscs"}
_OF_ISO = re.compile(r"(?:iso)?[-_]?8859[-_]?(\d{1,2})(?:[-_]?[ei]|:\d{4}|-windows.*)?")
_NO_CHARSETS = {"unicode_escape", "raw_unicode_escape", "punycode", "idna", "undefined", "mbcs", "oem"}
_ASCII = "ascii"


@lru_cache(maxsize=256)
def codec_of(declared: str | None) -> str | None:
    """None for ASCII too: what is within it is the same in UTF-8, and what goes beyond it was not as declared."""
    name = (declared or "").strip(" \t\r\n\"'").lower()[:60]
    try:
        codec = codecs.lookup(_called(name)).name
    except (LookupError, ValueError, UnicodeError):
        return JAPANESE if _ALIASES.get(name) == JAPANESE else None
    if codec.startswith("iso2022_jp"):
        return JAPANESE
    return None if codec.replace("-", "_") in _NO_CHARSETS or codec == _ASCII else _WIDER.get(codec, codec)


def _called(name: str) -> str:
    if name in _ALIASES:
        return _ALIASES[name]
    if windows := _OF_WINDOWS.fullmatch(name):
        return _NUMBERS.get(windows[1], f"cp{windows[1]}")
    if iso := _OF_ISO.fullmatch(name):
        return f"iso8859-{int(iso[1])}"
    return name
