"""
Rich text → the letter. Outlook hides HTML or plain text in it and it is given back as it was ([MS-OXRTFEX]); else what
can be read of it is its text. One pass, without recursion.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from mail.parse import charsets
from mail.parse.tnef.codepages import charset, charset_of_font

MOST_TOKENS = 500_000  # what comes after is only in the raw source
DEEPEST = 1_000
_TOKEN = re.compile(
    rb"\\(?:(?P<word>[a-zA-Z]{1,32})(?P<number>-?[0-9]{1,10})? ?|'(?P<hex>[0-9a-fA-F]{2})|(?P<sign>.))"
    rb"|(?P<group>[{}])|(?P<text>[^\\{}\r\n]+)|[\r\n]+|\\\Z",
    re.DOTALL,
)
_WORDS = {"par": "\n", "line": "\n", "row": "\n", "sect": "\n", "page": "\n", "tab": "\t", "cell": "\t", "bullet": "•",
          "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
          "emspace": "\u2003", "enspace": "\u2002", "zwj": "\u200d", "zwnj": "\u200c"}  # fmt: skip
_SIGNS = {"~": "\xa0", "_": "\u2011", "{": "{", "}": "}", "\\": "\\", "\n": "\n", "\r": "\n"}
_NO_TEXT = {"colortbl", "stylesheet", "info", "pict", "object", "header", "headerl", "headerr", "headerf", "footer",
            "footerl", "footerr", "footerf", "footnote", "xe", "tc", "filetbl", "listtable", "revtbl"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RichText:
    """Either the HTML that was hidden in it, or its text."""

    text: str = ""
    html: str | None = None


def rich_text(rtf: bytes) -> RichText:
    """As far as it goes, whatever the bytes."""
    reader = _Reader(rtf, hidden_html=b"\\fromhtml" in rtf[:1_000])
    read = reader.read()
    return RichText(html=read) if reader.hidden_html else RichText(text=read)


@dataclass(frozen=True, slots=True)
class _Group:
    """
    `skip`: it is not of the letter. `is_html`: a tag as it stood in the HTML. `only_rtf`: what the HTML has otherwise.
    `after_unicode`: so many characters stand in for one by programs that have it not.
    """

    skip: bool = False
    is_html: bool = False
    only_rtf: bool = False
    fonts: bool = False
    font: int = 0
    after_unicode: int = 1
    begun: bool = False
    ignorable: bool = False


@dataclass(slots=True)
class _Reader:
    rtf: bytes
    hidden_html: bool
    group: _Group = _Group()
    outer: list[_Group] = field(default_factory=list)
    charset: str = "cp1252"
    fonts: dict[int, str] = field(default_factory=dict)
    font: int = 0
    out: list[str] = field(default_factory=list)
    narrow: bytearray = field(default_factory=bytearray)
    left_out: int = 0
    place: int = 0

    def read(self) -> str:
        for _ in range(MOST_TOKENS):
            token = _TOKEN.match(self.rtf, self.place)
            if token is None or len(self.outer) > DEEPEST:
                break
            self.place = token.end()
            if word := token["word"]:
                self._word(word.decode("ascii"), int(token["number"]) if token["number"] else None)
            elif token["group"]:
                self._brace(token["group"])
            elif token["text"] or token["hex"]:
                self._bytes(token["text"] or bytes.fromhex(token["hex"].decode("ascii")))
            elif token["sign"]:
                self._sign(token["sign"].decode("latin-1"))
        self._flush()
        return "".join(self.out).encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _brace(self, brace: bytes) -> None:
        self._flush()
        self.left_out = 0
        if brace == b"{":
            self.outer.append(self.group)
            self.group = replace(self.group, begun=False, ignorable=False)
        elif self.outer:
            self.group = self.outer.pop()

    def _word(self, word: str, number: int | None) -> None:
        begins = not self.group.begun
        if begins:
            self.group = replace(self.group, begun=True)
            if self._destination(word):
                return
        if text := _WORDS.get(word):
            self._say(text)
        elif act := _ACTS.get(word):
            self._flush()
            act(self, number)
        elif word == "bin":
            self.place += max(number or 0, 0)

    def _destination(self, word: str) -> bool:
        """What a group is, says its first word."""
        if word == "htmltag":
            self.group = replace(self.group, is_html=True, skip=not self.hidden_html)
        elif word == "fonttbl":
            self.group = replace(self.group, fonts=True, skip=True)
        elif word in _NO_TEXT or self.group.ignorable:
            self.group = replace(self.group, skip=True)
        else:
            return False
        return True

    def _sign(self, sign: str) -> None:
        if sign == "*" and not self.group.begun:
            self.group = replace(self.group, ignorable=True)
        elif sign in _SIGNS:
            self._say(_SIGNS[sign])

    def _bytes(self, narrow: bytes) -> None:
        self.group = self.group if self.group.begun else replace(self.group, begun=True)
        left_out = min(self.left_out, len(narrow))
        self.left_out -= left_out
        if self._is_said():
            self.narrow += narrow[left_out:]

    def _say(self, text: str) -> None:
        if self.left_out:
            self.left_out -= 1
        elif self._is_said():
            self._flush()
            self.out.append(text)

    def _is_said(self) -> bool:
        group = self.group
        return not group.skip and (group.is_html or not (self.hidden_html and group.only_rtf))

    def _flush(self) -> None:
        if self.narrow:
            self.out.append(charsets.decode(bytes(self.narrow), self.fonts.get(self.group.font, self.charset)))
            self.narrow.clear()

    def _unicode(self, number: int | None) -> None:
        code = (number or 0) % 0x10000
        self._say(chr(code) if code else "")
        self.left_out = self.group.after_unicode

    def _font_charset(self, number: int | None) -> None:
        if self.group.fonts and (name := charset_of_font(number or 0)):
            self.fonts[self.font] = name

    def _take_font(self, number: int | None) -> None:
        if self.group.fonts:
            self.font = number or 0
        else:
            self.group = replace(self.group, font=number or 0)

    def _codepage(self, number: int | None) -> None:
        self.charset = charset(number or 1252)

    def _only_rtf(self, number: int | None) -> None:
        self.group = replace(self.group, only_rtf=number != 0)

    def _after_unicode(self, number: int | None) -> None:
        self.group = replace(self.group, after_unicode=max(0, min(number if number is not None else 1, 10)))

    def _plain(self, _: int | None) -> None:
        self.group = replace(self.group, font=0)


_ACTS: dict[str, Callable[[_Reader, int | None], None]] = {
    "u": _Reader._unicode,
    "f": _Reader._take_font,
    "fcharset": _Reader._font_charset,
    "ansicpg": _Reader._codepage,
    "htmlrtf": _Reader._only_rtf,
    "uc": _Reader._after_unicode,
    "plain": _Reader._plain,
}
