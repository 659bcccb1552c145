"""What an address header is made of: words, quoted strings, comments, brackets (RFC 5322, 3.2), in linear time."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Literal, cast

from mail.parse import encoded_words
from mail.parse.comments import comment_ends

Kind = Literal["space", "quoted", "angle", "encoded", "text", "comment", "end", "colon", "open", "stray"]
"""`end`: `,` or `;`. `open`: a `<` without its `>`. `stray`: a bracket, quote or parenthesis that has no other."""

BESIDE = ("comment", "stray")
"""What is no part of any address."""

Word = list[tuple[Kind, str]]
"""What stands together without a blank."""

_TOKEN = re.compile(
    r'(?P<space>\s+)|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<angle><(?:[^<>"]|"(?:[^"\\<>]|\\[^<>])*")*>)'
    rf"|(?P<encoded>{encoded_words.PATTERN})|(?P<end>[,;])|(?P<colon>:)|(?P<open><)"
    r"|(?P<text>(?:[^\s,;:()<>\"\[\]\\=]|\\.?|=(?!\?))++|\[[^\[\]\s]{0,100}\]|=)|(?P<stray>[()>\"\[\]])",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_OF_A_COMMENT = re.compile(r"\\(.)|[()]", re.DOTALL)


def tokens(value: str) -> Iterator[tuple[Kind, str]]:
    """In their order; a comment is one, without its outer parentheses, and nothing in it is looked at (3.2.2)."""
    if "(" not in value:
        yield from ((cast(Kind, token.lastgroup), token[0]) for token in _TOKEN.finditer(value))
        return
    ends, place = comment_ends(value), 0
    while match := _TOKEN.match(value, place):
        kind, text, place = cast(Kind, match.lastgroup), match[0], match.end()
        if text == "(" and (end := ends.get(match.start())):
            kind, text, place = "comment", _OF_A_COMMENT.sub(r"\1", value[place : end - 1]), end
        yield kind, text


def unquoted(text: str) -> str:
    return _ESCAPED.sub(r"\1", text[1:-1])


def words(pieces: Iterable[tuple[Kind, str]]) -> list[Word]:
    """
    By the blanks between them; those on both sides of an `@` are one word (4.4). Not those on both sides of a dot:
    `Dr. ada@x.test` names ada@x.test.
    """
    joined, open_ended = list[Word](), False
    for blank, run in groupby(pieces, lambda piece: piece[0] == "space"):
        word = [] if blank else list(run)
        text = "".join(text for kind, text in word if kind not in BESIDE)
        if joined and word and (open_ended or text.startswith("@")):
            joined[-1] += word
        elif text:
            joined.append(word)
        open_ended = text.endswith("@") if text else open_ended
    return joined
