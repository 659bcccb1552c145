"""Encoded words (RFC 2047), also where they are not quite as the standard wants them."""

import binascii
import re

from mail.parse import base64
from mail.parse.charset_names import codec_of
from mail.parse.charsets import decode

PATTERN = r"=\?[^?\s]{0,80}\?[bBqQ]\?(?:[^?]|(?<!=)\?(?!=)){0,4000}\?="
"""With blanks, commas and question marks in it; what begins like another word is not part of it."""

_WORD = re.compile(r"=\?([^?\s]{0,80})\?([bBqQ])\?((?:[^?]|(?<!=)\?(?!=)){0,4000})\?=")
_RAW_WORD = re.compile(rb"=\?([^?\s]{0,80})\?[qQ]\?([^?]*)\?=")
_BETWEEN = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]{0,80}\?[bBqQ]\?)")
_RAW = re.compile(rb"[\x80-\xff]")
_LATIN = {None, "cp1252"}


def decoded(value: str) -> str:
    """`value` with its encoded words read; neighbours of one charset together, as one may end within a character."""
    if "=?" not in value:
        return value
    out, done, run = list[str](), 0, list[bytes]()
    charset = ""
    for word in _WORD.finditer(value := _BETWEEN.sub(r"\1", value)):
        named = word[1].split("*")[0].lower()
        if run and (word.start() > done or named != charset):
            out.append(decode(b"".join(run), charset))
            run = []
        out.append(value[done : word.start()])
        run, charset, done = [*run, _bytes_of(word[2], word[3])], named, word.end()
    tail = [decode(b"".join(run), charset)] if run else []
    return "".join([*out, *tail, value[done:]])


def _bytes_of(kind: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    return base64.decoded(data) if kind in "bB" else binascii.a2b_qp(data, header=True)


def with_raw_bytes_encoded(value: bytes) -> bytes:
    """Whoever leaves bytes as they are within an encoded word means them in that word's charset."""
    return _RAW_WORD.sub(_encoded, value)


def _encoded(word: re.Match[bytes]) -> bytes:
    if word[0].isascii():
        return word[0]
    text = _RAW.sub(lambda byte: b"=%02X" % byte[0][0], word[2])
    return b"=?" + _charset(word[1], word[2]) + b"?Q?" + text + b"?="


def _charset(declared: bytes, text: bytes) -> bytes:
    """But for those that are UTF-8 in a word that is said to be Latin-1, by a program that encoded nothing."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return declared
    return b"utf-8" if codec_of(declared.decode("latin-1").split("*")[0]) in _LATIN else declared
