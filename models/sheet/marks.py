"""What a workbook says of its cells and calamine leaves out: failed formulas, and numbers shown with leading zeros."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from models.sheet.archive import DAMAGED
from models.sheet.sheet import UNCALCULATED, Unreadable

Attributes = Mapping[str, str]
Start = Callable[[str, Attributes], None]
MOST_CELLS = 16_000_000
"""Of the rectangle from the first cell to the last: the reader keeps a place for each, used or not."""
LAST_COLUMN = 16_384
AT_ONCE = 1024 * 1024
"""Bytes of XML: the parser begins a long tag anew with each piece of it."""
LONGEST_MARK = 20  # characters, as of #VALORE!


@dataclass(slots=True)
class Marks:
    """By row and column, from 0. `failed`: what a cell shows whose formula failed, or was never calculated."""

    failed: dict[tuple[int, int], str] = field(default_factory=dict)
    digits: dict[tuple[int, int], int] = field(default_factory=dict)
    """How many a number is shown with at least."""


def marks_of(archive: ZipFile, sheet: str) -> Marks:
    """Of the sheet of this name. Raises Unreadable: damaged, or its cells lie too far apart."""
    path = _path(archive, sheet)
    if path is None:
        raise Unreadable(DAMAGED)
    cells = _Cells(_zeros(archive))
    _read(archive, path, cells.start, cells.end, cells.text)
    return cells.marks


def _path(archive: ZipFile, sheet: str) -> str | None:
    key, paths = "", dict[str, str]()

    def book(name: str, attrs: Attributes) -> None:
        nonlocal key
        if name == "sheet" and attrs.get("name") == sheet:
            key = next((value for attr, value in attrs.items() if attr.endswith(":id")), "")

    def relations(name: str, attrs: Attributes) -> None:
        if name == "Relationship":
            paths[attrs.get("Id", "")] = attrs.get("Target", "")

    _read(archive, "xl/workbook.xml", book)
    _read(archive, "xl/_rels/workbook.xml.rels", relations)
    target = paths.get(key, "")
    return _found(archive, target[1:] if target.startswith("/") else f"xl/{target}")


def _found(archive: ZipFile, path: str) -> str | None:
    """Names in archives may differ in case and in the slash they use."""
    plain = path.lower()
    return next((name for name in archive.namelist() if name.lower().replace("\\", "/") == plain), None)


def _zeros(archive: ZipFile) -> dict[str, int]:
    """By style, the number of digits of a format that is only zeros (`00000`)."""
    formats, styles = dict[str, int](), dict[str, int]()
    counted, inside = 0, False

    def style(name: str, attrs: Attributes) -> None:
        nonlocal counted, inside
        if name == "numFmt" and (code := attrs.get("formatCode", "")).strip("0") == "":
            formats[attrs.get("numFmtId", "")] = len(code)
        elif name in {"cellXfs", "cellStyleXfs", "dxfs"}:
            inside = name == "cellXfs"
        elif name == "xf" and inside:
            if digits := formats.get(attrs.get("numFmtId", "")):
                styles[str(counted)] = digits
            counted += 1

    _read(archive, "xl/styles.xml", style)
    return styles


class _Cells:
    """Reads the XML of a sheet. There may be millions of cells, so that little is done for most of them."""

    def __init__(self, zeros: Mapping[str, int]) -> None:
        self.marks = Marks()
        self._zeros = zeros
        self._row = self._column = self._last_row = self._last_column = -1
        self._formula = self._within = False
        self._kind = self._value = ""

    def start(self, name: str, attrs: Attributes) -> None:
        if name == "c":
            self._begin(attrs)
        elif name == "v":
            self._within = self._formula or self._kind == "e"
        elif name == "row":
            self._row = int(attrs["r"]) - 1 if attrs.get("r", "").isdecimal() else self._row + 1
            self._column = -1
        elif name == "f":
            self._formula = True

    def _begin(self, attrs: Attributes) -> None:
        self._row, self._column = _place(attrs["r"]) if "r" in attrs else (self._row, self._column + 1)
        if self._row > self._last_row or self._column > self._last_column:
            self._grow()
        self._kind, self._formula, self._value = attrs.get("t", "n"), False, ""
        if self._kind == "n" and (digits := self._zeros.get(attrs.get("s", ""))):
            self.marks.digits[self._row, self._column] = digits

    def _grow(self) -> None:
        self._last_row = max(self._last_row, self._row)
        self._last_column = max(self._last_column, self._column)
        if (self._last_row + 1) * (self._last_column + 1) > MOST_CELLS or self._column >= LAST_COLUMN:
            raise Unreadable(
                f"A cell stands as far away as row {self._row + 1}, column {self._column + 1}. Delete what stands far "
                "from the list, and save the workbook anew."
            )

    def text(self, text: str) -> None:
        if self._within and len(self._value) < LONGEST_MARK:
            self._value += text

    def end(self, name: str) -> None:
        if name == "c":
            uncalculated = self._formula and not self._value and self._kind == "n"  # an empty text may be its value
            if uncalculated or self._kind == "e":
                self.marks.failed[self._row, self._column] = self._value or UNCALCULATED
        elif name == "v":
            self._within = False


def _place(reference: str) -> tuple[int, int]:
    """Row and column of `B12`, from 0."""
    column = reference.rstrip("0123456789")
    row = reference[len(column) :]
    if not 0 < len(row) < 9:
        raise Unreadable(DAMAGED)
    return int(row) - 1, _column(column)


@lru_cache(LAST_COLUMN)
def _column(letters: str) -> int:
    if not (0 < len(letters) < 5 and letters.isascii() and letters.isalpha()):
        raise Unreadable(DAMAGED)
    at = 0
    for letter in letters.upper():
        at = at * 26 + ord(letter) - ord("A") + 1
    return at - 1


def _read(
    archive: ZipFile,
    path: str,
    start: Start,
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Parses a file of the archive, names without prefixes; does nothing where it is not there."""
    entry = _found(archive, path)
    if entry is None:
        return
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attrs: start(name.rpartition(":")[2] if ":" in name else name, attrs)
    parser.StartDoctypeDeclHandler = _no_doctype
    if end and text:
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2] if ":" in name else name)
        parser.CharacterDataHandler = text
    try:
        with archive.open(entry) as file:
            while piece := file.read(AT_ONCE):
                parser.Parse(piece, False)
            parser.Parse(b"", True)
    except (expat.ExpatError, BadZipFile, ValueError, EOFError):
        raise Unreadable(DAMAGED) from None


def _no_doctype(*_: object) -> None:
    """No workbook has one; what it declares could grow without end."""
    raise Unreadable(DAMAGED)
