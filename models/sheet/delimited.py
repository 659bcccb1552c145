"""CSV: the delimiter is found out, and quotes are read as spreadsheets do (RFC 4180, and what else there is)."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import islice

from models.sheet.record import Record
from models.sheet.sheet import MOST_BYTES

DELIMITERS = (";", ",", "\t", "|")
NONE = "\x1f"
"""Where the header has one cell: whatever stands in a row, it is one cell, too."""
_NAMES = {";": "a semicolon", ",": "a comma", "\t": "a tab", "|": "a bar"}
LOOKED_AT = 100
"""Records that are not empty, of the first ten times as many."""
MOST_OF_ONE = 10_000
"""Lines of one record; Excel takes a few hundred line breaks in a cell."""
DISORDER = "Its quotes are in disorder: inside of a cell in quotes each quote is written twice. Mend this row."


def records(text: str, delimiter: str) -> Iterator[Record]:
    """A line break in quotes is part of its cell. Lines may end in CR LF, LF or CR, also mixed."""
    csv.field_size_limit(MOST_BYTES)
    lines = _Lines(text)
    spaced, width = f'{delimiter} "' in text, 0
    for cells in csv.reader(lines, delimiter=delimiter, skipinitialspace=spaced):
        taken = lines.taken()
        width = width or len(cells)
        if any('"' in line for line in taken):
            yield _checked(cells, taken, delimiter, spaced=spaced)
        else:
            yield Record(cells, _otherwise_delimited(cells, width, delimiter))


def _otherwise_delimited(cells: Sequence[str], width: int, delimiter: str) -> str:
    """What is wrong with a row that has another delimiter: it would be read as one long name."""
    signs = (sign for sign in DELIMITERS if sign != delimiter and len(cells) == 1 < width)
    if any(cells[0].count(sign) >= width - 1 for sign in signs):
        return (
            f"Between its cells stands another sign than in the header, which has {_NAMES.get(delimiter, delimiter)}."
        )
    return ""


class _Lines(Iterator[str]):
    """Of each record the lines that it was made of."""

    def __init__(self, text: str) -> None:
        self._lines = StringIO(text, newline="")
        self._taken: list[str] = []

    def __next__(self) -> str:
        if len(self._taken) == MOST_OF_ONE:  # then a quote is open, as if the file ended here
            raise StopIteration
        line = next(self._lines)
        self._taken.append(line)
        return line

    def taken(self) -> list[str]:
        taken, self._taken = self._taken, []
        return taken


def _checked(cells: Sequence[str], lines: Sequence[str], delimiter: str, *, spaced: bool) -> Record:
    """
    With the fault of quotes in disorder: the reader guesses as spreadsheets do, in silence, so a strict one is asked.
    """
    try:
        next(csv.reader(lines, delimiter=delimiter, skipinitialspace=spaced, strict=True))
    except csv.Error:
        return Record(cells, DISORDER, unending=_is_open(lines, delimiter, spaced=spaced))
    return Record(cells)


def _is_open(lines: Sequence[str], delimiter: str, *, spaced: bool) -> bool:
    """Whether a quote is open, so that the next line belongs to the record."""
    reader = csv.reader([*lines, ""], delimiter=delimiter, skipinitialspace=spaced)
    next(reader)
    return reader.line_num > len(lines)


def delimiter_of(text: str) -> tuple[str, str]:
    """
    The delimiter, and the text without a first line that names it (`sep=;`, as Excel writes and reads). Else it is one
    that the header has; of several, the one by which most rows are as wide as the header.
    """
    first = text[:8].splitlines()[0] if text else ""
    if len(first) == 5 and first[:4].lower() == "sep=" and _may_be_a_delimiter(first[4]):
        return first[4], text[5:].removeprefix("\r").removeprefix("\n")
    scores = {delimiter: _score(text, delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=scores.__getitem__)
    return (best if scores[best] > (0, 0) else NONE), text


def _may_be_a_delimiter(character: str) -> bool:
    """No blank: beside one, Python's reader cannot leave out the blanks before a cell, and says so since 3.13."""
    return not character.isalnum() and character not in {'"', " "}


def _score(text: str, delimiter: str) -> tuple[float, int]:
    """How many rows are as wide as the header, and how wide that is."""
    rows = (record.cells for record in islice(records(text, delimiter), 10 * LOOKED_AT))
    widths = [len(cells) for cells in islice((cells for cells in rows if any(map(str.strip, cells))), LOOKED_AT)]
    if not widths:  # all that stands there is delimiters
        return 0, text.count(delimiter)
    if widths[0] < 2:
        return 0, 0
    return widths.count(widths[0]) / len(widths), widths[0]
