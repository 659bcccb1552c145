"""Comments of structured fields (RFC 5322, 3.2.2; RFC 2045, 5.1): nested, escaped, unclosed; in linear time."""

import re

_PARENTHESIS = re.compile(r"\\.|[()]", re.DOTALL)


def comment_ends(value: str) -> dict[int, int]:
    """Of each `(` that has its `)`: where the text goes on."""
    begun, ends = list[int](), dict[int, int]()
    for mark in _PARENTHESIS.finditer(value, max(value.find("("), 0)):
        if mark[0] == "(":
            begun.append(mark.start())
        elif mark[0] == ")" and begun:
            ends[begun.pop()] = mark.end()
    return ends


def without_comments(text: str) -> str:
    """Of a text in which nothing is quoted: a blank in the place of each."""
    if "(" not in text:
        return text
    ends, pieces, place = comment_ends(text), list[str](), 0
    for begin in sorted(ends):
        if begin >= place:
            pieces.append(text[place:begin])
            place = ends[begin]
    return " ".join([*pieces, text[place:]])
