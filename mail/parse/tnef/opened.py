"""What is in it: the letter, and the files that came with it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mail.parse import charsets
from mail.parse.attachments import safe_name
from mail.parse.charsets import one_line
from mail.parse.parts import Part
from mail.parse.tnef.codepages import charset
from mail.parse.tnef.compressed import decompressed
from mail.parse.tnef.mapi import Property, Value, narrow_charset, properties
from mail.parse.tnef.rtf import RichText, rich_text
from mail.parse.tnef.stream import SIGNATURE, Attribute, Broken, Name, attributes

MOST_BYTES = 8_000_000  # of a text
_TNEF = "application/ms-tnef"
_TYPES = {_TNEF, "application/vnd.ms-tnef"}
_MEDIA_TYPE = re.compile(r"[a-z]{1,50}/[a-z0-9.+-]{1,100}")
_OBJECT_KIND = 16  # bytes, before what an object is
_NARROW = "cp1252"


@dataclass(frozen=True, slots=True)
class TnefFile:
    """`name` is safe, or '' where none was given; `type` is '' likewise."""

    name: str
    type: str
    content: bytes = field(repr=False)
    content_id: str | None


@dataclass(frozen=True, slots=True)
class Tnef:
    """Never empty: of the three there is one at least."""

    text: str
    html: str | None
    files: tuple[TnefFile, ...]


def is_tnef(part: Part) -> bool:
    return part.type in _TYPES or (part.filename or "").strip().lower() == "winmail.dat"


def opened(data: bytes) -> Tnef | None:
    """None: broken, or nothing in it that anybody would miss. Then it stays a file, as it came."""
    try:
        tnef = _read(attributes(data))
    except Broken:
        return None
    return tnef if tnef.text.strip() or tnef.html or tnef.files else None


@dataclass(slots=True)
class _File:
    """As its attributes say it, in any order."""

    title: str = ""
    name: str = ""
    content: bytes = b""
    said: dict[int, Value] = field(default_factory=dict)


@dataclass(slots=True)
class _Letter:
    narrow: str = _NARROW
    body: bytes = b""
    said: dict[int, Value] = field(default_factory=dict)
    files: list[_File] = field(default_factory=list)


def _read(stream: Iterator[Attribute]) -> Tnef:
    letter = _Letter()
    for attribute in stream:
        _take(letter, attribute)
    narrow = narrow_charset(letter.said, letter.narrow)
    html = _html(letter, narrow)
    rich = RichText() if html else _rich_text(letter)
    return Tnef(
        _plain_text(letter, narrow) or rich.text, html or rich.html, tuple(_file(file, narrow) for file in letter.files)
    )


def _take(letter: _Letter, attribute: Attribute) -> None:
    match attribute.name:
        case Name.CODEPAGE:
            letter.narrow = charset(int.from_bytes(attribute.data[:4], "little"))
        case Name.BODY:
            letter.body = bytes(attribute.data[:MOST_BYTES])
        case Name.MESSAGE_PROPERTIES:
            letter.said = properties(attribute.data)
        case Name.ATTACH_BEGINS:
            letter.files.append(_File())
        case _ if letter.files:
            _take_of_file(letter, letter.files[-1], attribute)


def _take_of_file(letter: _Letter, file: _File, attribute: Attribute) -> None:
    match attribute.name:
        case Name.ATTACH_TITLE:
            file.title = charsets.decode(bytes(attribute.data[:2_000]), letter.narrow)
        case Name.ATTACH_TRANSPORT_NAME:
            file.name = charsets.decode(bytes(attribute.data[:2_000]), letter.narrow)
        case Name.ATTACH_DATA:
            file.content = bytes(attribute.data)
        case Name.ATTACH_PROPERTIES:
            file.said = properties(attribute.data)


def _rich_text(letter: _Letter) -> RichText:
    packed = letter.said.get(Property.RTF)
    try:
        rich = rich_text(decompressed(packed.data)) if packed else RichText()
        return RichText(_clean(rich.text), _clean(rich.html) if rich.html else None)
    except Broken:
        return RichText()  # its files are worth having all the same


def _plain_text(letter: _Letter, narrow: str) -> str:
    body = letter.said.get(Property.BODY)
    text = body.text(narrow) if body else charsets.decode(letter.body, narrow)
    return _clean(text[:MOST_BYTES])


def _html(letter: _Letter, narrow: str) -> str | None:
    page = letter.said.get(Property.HTML)
    if page is None:
        return None
    codepage = letter.said.get(Property.INTERNET_CODEPAGE)
    return _clean(page.text(charset(codepage.number()) if codepage else narrow)[:MOST_BYTES]) or None


def _clean(text: str) -> str:
    return charsets.db_text(text).replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").strip("\0")


def _file(file: _File, narrow: str) -> TnefFile:
    texts = {name: value.text(narrow).rstrip("\0") for name, value in file.said.items() if name != Property.ATTACH_DATA}
    content, is_letter = _content(file)
    names = [texts.get(Property.ATTACH_LONG_NAME), file.name, file.title, texts.get(Property.ATTACH_NAME)]
    shown = texts.get(Property.DISPLAY_NAME)
    names = [f"{shown}.tnef"] if is_letter and shown else [*names, shown]
    name = next((safe for name in names if (safe := safe_name((name or "").rstrip("\0")))), "")
    kind = _MEDIA_TYPE.fullmatch(texts.get(Property.ATTACH_TYPE, "").lower())
    identity = one_line(texts.get(Property.ATTACH_CONTENT_ID, "").strip().strip("<>"), 500)
    return TnefFile(name, _TNEF if is_letter else kind[0] if kind else "", content, identity or None)


def _content(file: _File) -> tuple[bytes, bool]:
    """And whether it is a letter that was attached to this one: again TNEF, and left so."""
    data = file.said.get(Property.ATTACH_DATA)
    if data is None:
        return file.content, False
    content = data.data[_OBJECT_KIND:] if data.is_object else data.data
    return content, data.is_object and content.startswith(SIGNATURE)
