"""What is an address, and what of a mailbox is (RFC 5322, 3.4.1; RFC 6532): this decides who may see a message."""

import re

from mail.parse.address_tokens import BESIDE, Word, unquoted
from mail.parse.comments import without_comments

LONGEST_ADDRESS = 254  # characters (RFC 5321, 4.5.3.1.3)
_LONGEST_WRITTEN = 1_000  # with blanks, comments and a route
# No control, blank, invisible or direction-turning character anywhere: such an address could look like another one.
_FORBIDDEN = r'\s"(),:;<>@\[\\\]\x00-\x1f\x7f-\xa0\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f'
_FORBIDDEN += r"\ufe6b\ufeff\uff20\ufffd"
_ADDRESS = re.compile(
    rf'(?:[^{_FORBIDDEN}]{{1,200}}|"(?:[^"\\\x00-\x1f\x7f-\x9f<>]|\\[\x20-\x7e])' + r'{1,200}")@'
    rf"(?:[^{_FORBIDDEN}.!#$%&'*+/=?^`{{|}}~]+(?:\.[^{_FORBIDDEN}.!#$%&'*+/=?^`{{|}}~]+)*|\[[0-9A-Za-z.:]+\])"
)
_QUOTED_FIRST = re.compile(r'("(?:[^"\\]|\\.)*")?(.*)', re.DOTALL)
_BLANKS = re.compile(r"[ \t]+")
_TYPOGRAPHIC = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u2039\u203a\u00ab\u00bb"
_OPENING, _CLOSING = "'\"`" + _TYPOGRAPHIC, "'\"`\u00b4" + _TYPOGRAPHIC
_BEGINS_ENCODED_WORD = re.compile(r"=\?[^?\s]{0,80}\?[bBqQ]\?")
_SEPARATOR = re.compile(r"[,;]")


def in_brackets(text: str) -> list[str]:
    """What `<text>` names: one address, none, or, where somebody put a whole list there, several."""
    if address := _unwrapped(text) or _address(text) or _address(_without_comments_and_blanks(text)):
        return [address]
    several = [_address(piece) for piece in _SEPARATOR.split(text)] if len(text) < _LONGEST_WRITTEN else []
    return several if len(several) > 1 and all(several) else []


def of_words(written: list[Word], *, commented: bool) -> tuple[list[Word], list[str]]:
    """
    Of a mailbox without brackets: the words of its name, and its address; several, where somebody forgot the commas.
    None where it is in doubt: what is quoted beside anything else is a name, and an address that a blank may have cut
    is not read as what is left of it.
    """
    if len(written) == 1 and not commented and (address := _unwrapped(_plain(written[0])) or _of_word(written[0])):
        return [], [address]
    addresses = [_of_word(word) for word in written]
    if written and all(addresses):
        return [], addresses
    if len(written) < 2 or not addresses[-1] or any(_has_at_sign(word) for word in written[:-1]):
        return written, []
    cut = _plain(written[-2]).endswith(".") or addresses[-1].startswith(".")
    return (written, []) if cut else (written[:-1], addresses[-1:])


def _of_word(word: Word) -> str:
    """An encoded word is never part of an address (RFC 2047, 5)."""
    encoded = any(kind == "encoded" for kind, _ in word)
    return "" if encoded or _is_cut(word) else _address(_plain(word))


def _is_cut(word: Word) -> bool:
    """By a bracket or quote without another, or by a comment elsewhere than beside its `@`."""
    places = [place for place, (kind, _) in enumerate(word) if kind not in BESIDE]
    inner = word[places[0] : places[-1] + 1] if places else []
    return any(kind == "stray" for kind, _ in inner) or any(
        kind == "comment" and not before.endswith("@") and not after.startswith("@")
        for (_, before), (kind, _), (_, after) in zip(inner, inner[1:], inner[2:], strict=False)
    )


def _plain(word: Word) -> str:
    return "".join(text for kind, text in word if kind not in BESIDE)


def _has_at_sign(word: Word) -> bool:
    return any("@" in text for kind, text in word if kind == "text")


def _address(text: str) -> str:
    """`text`, if it is one; without a route, which is obsolete (<@relay,@other:joe@firm.com>)."""
    text = text.strip()
    if text.startswith("@"):
        text = text.rpartition(":")[2].lstrip()
    if text[:7].lower() == "mailto:":
        text = text[7:]
    text = text.removesuffix(".")
    if len(text) > LONGEST_ADDRESS or text[:1] in _TYPOGRAPHIC or text[-1:] in _TYPOGRAPHIC:
        return ""
    if "=?" in text and _BEGINS_ENCODED_WORD.search(text):
        return ""
    return text if _ADDRESS.fullmatch(text) else ""


def _unwrapped(text: str) -> str:
    """The address that stands in quotes, of one kind or two: "'joe@firm.com'"."""
    text = text.strip()
    for _ in range(2):
        if len(text) > 2 and text[0] in _OPENING and text[-1] in _CLOSING:
            text = unquoted(text) if text[0] == '"' else text[1:-1]
            if address := _address(text):
                return address
    return ""


def _without_comments_and_blanks(text: str) -> str:
    """Those that may stand around each word of an address and around `@` and `.` (RFC 5322, 4.4)."""
    if len(text) > _LONGEST_WRITTEN or not ("(" in text or " " in text or "\t" in text):
        return ""
    split = _QUOTED_FIRST.fullmatch(text.strip())
    assert split is not None
    local, rest = split[1] or "", _BLANKS.sub(" ", without_comments(split[2]))
    return local + rest.replace(" @", "@").replace("@ ", "@").replace(" .", ".").replace(". ", ".")
