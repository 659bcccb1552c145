"""Rows of a file, laid out below its header."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from models.harmless import unmarked
from models.sheet.sheet import (
    ERROR_COLUMN,
    LONGEST_CELL,
    LONGEST_HEADER,
    MOST_COLUMNS,
    MOST_LINES,
    MOST_ROWS,
    Row,
    Unreadable,
)


@dataclass(frozen=True, slots=True)
class Record:
    """`unending`: a quote opens in its last cell and is never closed, so that nothing says where the record ends."""

    cells: Sequence[str]
    fault: str = ""
    unending: bool = False


class Layout:
    """
    The first record that is not empty is the header; `rows` are those below it. Raises Unreadable, also in the middle:
    then no row counts. `headers` and `warnings` are complete when all rows have been read.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self.headers: tuple[str, ...] = ()
        self.warnings: list[str] = []
        self._records = iter(records)
        self._said: tuple[str, ...] = ()
        self._left_out = 0

    def rows(self) -> Iterator[Row]:
        self._head()
        rows = 0
        for number, record in enumerate(self._records, start=1):
            if number > MOST_LINES:
                raise Unreadable(f"The file has more than {MOST_LINES:,} lines, empty ones among them.")
            if record.unending:
                raise Unreadable(_unending(f"In row {number} below the header", record))
            if row := self._row(number, record):
                rows += 1
                if rows > MOST_ROWS:
                    raise Unreadable(f"The file has more than {MOST_ROWS:,} rows. Split it, and import the parts.")
                yield row
        if not rows:
            raise Unreadable("Below its header the file has no row.")

    def _head(self) -> None:
        first = islice(self._records, MOST_LINES)
        head = next((record for record in first if _trimmed(record.cells)), None)
        if head is None:
            raise Unreadable("The file is empty.")
        if head.unending:
            raise Unreadable(_unending("In the header", head))
        cells = _trimmed(head.cells)
        if len(cells) > MOST_COLUMNS:
            raise Unreadable(f"The file has {len(cells):,} columns; at most {MOST_COLUMNS} are read.")
        self._said = tuple(_header(cell, at) for at, cell in enumerate(cells))
        self._left_out = int(self._said[0].casefold() == ERROR_COLUMN.casefold())
        self.headers = self._named(self._said[self._left_out :])

    def _named(self, head: Sequence[str]) -> tuple[str, ...]:
        """Headers are made to differ, since a column is chosen by its header."""
        names: dict[str, None] = {}
        for at, header in enumerate(head, start=self._left_out):
            name = header or f"Column {letters(at)}"
            if name in names:
                name = next(free for count in range(2, len(head) + 2) if (free := f"{header} ({count})") not in names)
                self.warnings.append(f"There is more than one column {header}. Column {letters(at)} is {name} here.")
            names[name] = None
        return tuple(names)

    def _row(self, number: int, record: Record) -> Row | None:
        cells = _trimmed(record.cells)[self._left_out :]
        if not cells:
            return None
        width = len(self.headers)
        fault = record.fault or self._fault(cells)
        cells = [unmarked(cell[:LONGEST_CELL]) for cell in cells[: MOST_COLUMNS if fault else width]]
        return Row(number, (*cells, *[""] * (width - len(cells))), fault)

    def _fault(self, cells: Sequence[str]) -> str:
        if len(cells) > len(self.headers):
            last = letters(len(self.headers) + self._left_out)
            return (
                f"It has {len(cells)} cells for {len(self.headers)} headers: there is none above column {last}. "
                "Where the sign between cells stands inside of one, put that in quotes."
            )
        long = next((at for at, cell in enumerate(cells, start=self._left_out) if len(cell) > LONGEST_CELL), None)
        if long is not None:
            return f"The cell in column {letters(long)} has more than {LONGEST_CELL:,} characters. It is cut here."
        head = self._said[self._left_out :]
        if len(cells) == len(head) and all(_clean(cell) == header for cell, header in zip(cells, head, strict=True)):
            return "It says the header once more. Leave it out."
        return ""


def letters(at: int) -> str:
    """What spreadsheets call the column: 0 is A, 26 is AA."""
    before, last = divmod(at, 26)
    return (letters(before - 1) if before else "") + chr(ord("A") + last)


def _trimmed(cells: Sequence[str]) -> list[str]:
    """Without the empty cells at its end."""
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return list(cells[:end])


def _header(cell: str, at: int) -> str:
    header = _clean(unmarked(cell))
    if len(header) > LONGEST_HEADER:
        raise Unreadable(
            f"The header of column {letters(at)} has {len(header):,} characters; at most {LONGEST_HEADER} fit. "
            "Does the file begin with a row that names its columns?"
        )
    return header


def _clean(cell: str) -> str:
    """In one line, with single blanks, in Unicode's composed form."""
    shown = "".join(" " if unicodedata.category(char) == "Cc" else char for char in cell)
    return " ".join(unicodedata.normalize("NFC", shown).split())


def _unending(where: str, record: Record) -> str:
    column = letters(len(record.cells) - 1)
    return f"{where}, column {column}, a quote opens that is never closed. Close it, or leave it out."
