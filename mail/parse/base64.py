"""
Base64 as it arrives (RFC 2045, 6.8): with noise in it, padding in the middle, without its end, and with plain text
around it: servers of mailing lists and scanners of viruses write below a letter without a look at how it is encoded.
"""

import binascii
import contextlib
import re
from collections.abc import Iterator

import pybase64

MOST_RUNS = 1_000
MOST_LINES = 400_000  # of more, what is no base64 is skipped, not told apart
_PADDING = re.compile(rb"=[=\s]*")
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_OTHERS = bytes(set(range(256)) - set(_ALPHABET))
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|[\r\n])?")
_LONG, _PURE = 24, 0.1  # what no word of a language looks like: so long, or with so few other signs among it
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def decoded(data: bytes) -> bytes:
    """What can be read of it: noise is skipped, a lost end costs two bytes, each run may have its padding."""
    return b"".join(_run(run) for run in _PADDING.split(data, maxsplit=MOST_RUNS))


def of_body(data: bytes) -> bytes:
    """What the lines that are base64 stand for, and nothing of the others; `data` itself where there are none."""
    if not _are_words(data):
        with contextlib.suppress(binascii.Error):
            return pybase64.b64decode(data, ignorechars=b" \t\r\n")
    if max(data.count(b"\n"), data.count(b"\r")) > MOST_LINES:
        return decoded(data)
    lines = list(_encoded(_LINE.findall(data)))
    return decoded(b"\n".join(lines)) if lines else data


def _run(data: bytes) -> bytes:
    clean = data.translate(None, _OTHERS)
    clean = clean[:-1] if len(clean) % 4 == 1 else clean
    return pybase64.b64decode(clean + b"=" * (-len(clean) % 4))


def _are_words(data: bytes) -> bool:
    """Letters and blanks alone, of a text that nobody encoded: base64 has no blanks, or one where a line ends."""
    return b" " in data and len(data) < (data.count(b" ") - 3) * _LONG


def _encoded(lines: list[bytes]) -> Iterator[bytes]:
    going_on = False
    for line in lines:
        text = line.strip()
        if encoded := _is_encoded(text, going_on):
            yield text
        going_on = encoded and b"=" not in text[-4:]


def _is_encoded(text: bytes, going_on: bool) -> bool:
    """`going_on`: the line before was, and ended without padding."""
    noise = len(text.translate(None, _ALPHABET + b"="))
    if not text or b" " in text or noise > len(text) * _PURE:
        return False
    if going_on or (len(text) >= _LONG and _is_mixed(text) and not noise):
        return True
    return not noise and len(text.rstrip(b"=")) % 4 != 1 and _is_readable(text)


def _is_mixed(text: bytes) -> bool:
    return not text.islower() and not text.isupper() and not text.strip(b"=").isalpha()


def _is_readable(text: bytes) -> bool:
    """As a short line of a letter; a word that is none of base64 hardly ever is."""
    try:
        return not _CONTROL.search(decoded(text).decode("utf-8"))
    except UnicodeDecodeError:
        return False
