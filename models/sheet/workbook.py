"""XLSX, by calamine: a formula counts as the value it had when the file was saved, and is never run."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from models.sheet.archive import DAMAGED, LOCKED, opened
from models.sheet.marks import Marks, marks_of
from models.sheet.record import Record
from models.sheet.sheet import UNREAD, Unreadable

Value = int | float | str | bool | time | date | datetime | timedelta


def records(content: bytes) -> tuple[Iterator[Record], list[str]]:
    """The rows of the first visible sheet, and warnings. Raises Unreadable."""
    archive = opened(content)
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(content))
        name, rest = _first(workbook)
        marks = marks_of(archive, name)
        sheet = workbook.get_sheet_by_name(name)
    except PasswordError:
        raise Unreadable(LOCKED) from None
    except CalamineError:
        raise Unreadable(DAMAGED) from None
    return _records(sheet, marks), [
        f"Only the first sheet, {name}, was read; the workbook has {rest} more."
    ] if rest else []


def _records(sheet: CalamineSheet, marks: Marks) -> Iterator[Record]:
    """From the first row of the sheet on, though it may be empty; calamine leaves empty columns out."""
    left_out = sheet.start[1] if sheet.start else 0
    marked = {row for row, _ in marks.failed} | {row for row, _ in marks.digits}
    for at, values in enumerate(sheet.iter_rows()):
        cells = [*[""] * left_out, *map(shown, values)]
        if at in marked:
            cells = [_marked(marks, (at, column), cell) for column, cell in enumerate(cells)]
        yield Record(cells)


def _marked(marks: Marks, place: tuple[int, int], cell: str) -> str:
    if place in marks.digits and cell.isdecimal():
        return cell.zfill(marks.digits[place])
    return marks.failed.get(place, cell)


def _first(workbook: CalamineWorkbook) -> tuple[str, int]:
    """The name of the first visible sheet, and how many others are visible."""
    names = [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
    ]
    if not names:
        raise Unreadable("The workbook has no sheet that is shown.")
    return names[0], len(names) - 1


def shown(value: Value) -> str:
    """As the spreadsheet shows it, but a date as 2026-11-30, whatever the country."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    return str(value).replace("\ufeff", "").replace("\0", UNREAD)
