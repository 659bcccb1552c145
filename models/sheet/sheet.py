"""What was read from a file of rows, and its limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import orjson

MOST_BYTES = 20 * 1024 * 1024
"""Of the file."""
MOST_ROWS = 50_000
"""Below the header, without empty ones."""
MOST_COLUMNS = 200
MOST_TEXT = 64 * 1024 * 1024
"""Bytes of all cells, as they cross from the reader: a workbook says a long text once for a thousand cells."""
LONGEST_HEADER = 200  # characters
UNREAD = "\ufffd"
"""Stands for each character that could not be read, and for NUL, which no database takes."""
UNCALCULATED = "#?"
"""Stands where a formula has no value, since the program that wrote the workbook has not calculated it."""
LONGEST_CELL = 32_767
"""Characters, as Excel has it."""
MOST_LINES = 1_048_576
"""Rows of a spreadsheet, empty ones too."""
ERROR_COLUMN = "What to mend"
"""The first column of our own report of bad rows: left out when the report, mended, comes in again."""


class Unreadable(Exception):
    """The file cannot be taken. The words say why, with the row where there is one, and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """
    `number` counts as a spreadsheet does, and begins with 1 below the header: a line break in quotes begins no row, and
    an empty row counts, though it is left out. Where the header is in row 1 of the spreadsheet, that is `number` + 1.

    `cells` are as many as the headers, as they stand, with blanks around them. `fault`: the row as a whole cannot be
    taken (cells without a column, quotes in disorder, the header once more, a cell of over 32,767 characters), in plain
    words; its cells, up to 200, are what could be read.
    """

    number: int
    cells: tuple[str, ...]
    fault: str = ""


class Rows(Sequence[Row]):
    """Rows as they stand in the file, kept as JSON, which is small, and made when they are looked at."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self._lines = lines

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, which: int) -> Row: ...
    @overload
    def __getitem__(self, which: slice) -> Sequence[Row]: ...
    def __getitem__(self, which: int | slice) -> Row | Sequence[Row]:
        if isinstance(which, slice):
            return Rows(self._lines[which])
        number, fault, *cells = orjson.loads(self._lines[which])
        return Row(number, tuple(cells), fault)


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    `headers`: all different, none empty. `warnings`: sentences about the file as a whole. `delimiter`: of the file, for
    files that the same program shall open; a semicolon for a workbook, for one column, or where the file's own could
    not be found out again.
    """

    headers: tuple[str, ...]
    rows: Rows
    warnings: tuple[str, ...] = ()
    delimiter: str = ";"
