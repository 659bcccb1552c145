"""
Cells that no spreadsheet takes for a formula. A client's name may be one, and whoever opens the list would run it.

An apostrophe before it says that it is text. Spreadsheets take a cell for a formula by its first character, which they
look for behind blanks, and in East Asian widths, too; and where the computer's list separator is another than ours (a
semicolon in Italy), a cell begins in the middle of ours.
"""

import re

_SIGNS = "=+\\-@\u2212\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20"
"""`=`, `+`, `-` and `@`, the minus sign, and the small and the wide ones."""
_PASSED_OVER = '\\s\\x00-\\x1f\\x7f-\\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff"`\u2018-\u201f\xab\xbb'
"""Blanks, what cannot be seen, and quotes."""
_BREAKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]")
_RUN = re.compile(f"(;?)([{_PASSED_OVER}]*)([{_SIGNS}])?")
"""What is passed over, as far as it goes, and the sign behind it: taken whole, so that no blank is looked at twice."""
_MARKED = re.compile("[\t\r\n]")
_MARKED_RUN = re.compile(f"(;?)('?)((?:[{_PASSED_OVER}]|(?<=[\t\n\v\f\r\x85\u2028\u2029])')*)([{_SIGNS}])?")
_MARK_BEHIND = re.compile("(?<=[\t\n\v\f\r\x85\u2028\u2029])'")
_MARK_BEFORE = re.compile("'(?=[\t\r\n])")


def harmless(cell: str) -> str:
    """The same text, with an apostrophe before each place where a spreadsheet would see a formula begin."""
    text = _RUN.sub(_marked, cell)
    return f"'{text}" if _MARKED.match(text) else text


def _marked(run: re.Match[str]) -> str:
    separator, passed_over, sign = run.groups()
    if not sign:
        return run.group()
    begins = "'" if separator or run.start() == 0 else ""
    return separator + begins + _BREAKS.sub(r"\g<0>'", passed_over) + sign


def unmarked(cell: str) -> str:
    """
    What `harmless` was given, when its answer comes back in a file: the apostrophes that it puts are taken away, and no
    others. One that somebody typed at just such a place goes with them; spreadsheets do not show it either.
    """
    text = _MARKED_RUN.sub(_plain, cell) if "'" in cell else cell
    return text[1:] if _MARK_BEFORE.match(text) else text


def _plain(run: re.Match[str]) -> str:
    separator, mark, passed_over, sign = run.groups()
    if not sign:
        return run.group()
    mark = "" if separator or run.start() == 0 else mark
    return separator + mark + _MARK_BEHIND.sub("", passed_over) + sign
