"""XLSX, by calamine: it takes what a formula gave when the file was saved, and runs none."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from models.sheet.archive import must_be_a_workbook
from models.sheet.record import Record
from models.sheet.sheet import UNREAD, Unreadable

Value = int | float | str | bool | time | date | datetime | timedelta


def records(content: bytes) -> tuple[Iterator[Record], list[str]]:
    """Of the first sheet that is to be seen, one for each of its rows, and warnings. Raises Unreadable."""
    must_be_a_workbook(content)
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(content))
        name, others = _first(workbook)
        sheet = workbook.get_sheet_by_name(name)
    except PasswordError:
        raise Unreadable("The workbook is protected by a password. Save it without one, and upload that.") from None
    except CalamineError as error:
        raise Unreadable(f"The workbook cannot be read: {str(error)[:200]}. Save it anew, and upload that.") from None
    before = [""] * (sheet.start[1] if sheet.start else 0)
    rows = (Record([*before, *map(shown, cells)]) for cells in sheet.iter_rows())
    return rows, [f"Only the first sheet, {name}, was read; there are {others} more."] if others else []


def _first(workbook: CalamineWorkbook) -> tuple[str, int]:
    """Its name, and how many others are to be seen."""
    seen = [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
    ]
    if not seen:
        raise Unreadable("The workbook has no sheet.")
    return seen[0], len(seen) - 1


def shown(value: Value) -> str:
    """As the spreadsheet shows it, but dates as 2026-11-30, for which each country has a form of its own."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    return str(value).replace("\ufeff", "").replace("\0", UNREAD)
