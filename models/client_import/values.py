"""A row of the file as what it says of a client, with its errors."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from models import address, text
from models.account import AccountKind
from models.account.changing import LONGEST_CODE
from models.address import TypedAddress
from models.client_import import headings, words
from models.client_import.columns import Columns, ImportField
from models.contact import FieldRef
from models.errors import ErrorCode, Refusal
from models.sheet.sheet import UNCALCULATED, UNREAD, Row, Sheet
from models.toggles import Switch

LONGEST_ADDRESS = 320  # characters
_SWITCHES = {
    ImportField.LOGIN: Switch.LOGIN,
    ImportField.NOTIFY: Switch.NOTIFY,
    ImportField.EMAIL_SYNC: Switch.EMAIL_SYNC,
}
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class RowError:
    """`row` 1 is the first below the header. No `column`: the row as a whole."""

    row: int
    column: str | None
    code: ErrorCode
    message: str


@dataclass(slots=True)
class ClientRow:
    """
    An empty cell says nothing: "", None, or not in the mapping. `cells`: as in the file, for whoever gives the row
    back. With `errors`, the rest is only what could be read.

    Whether a row says enough (an account, a name for a new contact) is not checked here.
    """

    number: int
    cells: tuple[str, ...]
    account_name: str = ""
    account_code: str = ""
    account_kind: AccountKind | None = None
    contact_name: str = ""
    addresses: dict[FieldRef, TypedAddress] = field(default_factory=dict)
    switches: dict[Switch, bool] = field(default_factory=dict)
    errors: list[RowError] = field(default_factory=list)


def client_rows(sheet: Sheet, columns: Columns, rows: Sequence[Row] | None = None) -> Iterator[ClientRow]:
    """All rows, or these. 10,000 take about a second of the processor: from the loop, ask for a few at a time."""
    reader = _Reader(sheet, columns)
    return map(reader.read, sheet.rows if rows is None else rows)


class _Reader:
    """Which column stands where, found once for all rows."""

    def __init__(self, sheet: Sheet, columns: Columns) -> None:
        places = {header: at for at, header in enumerate(sheet.headers)}
        self._columns = [(header, places[header], target) for header, target in columns.items()]
        names = [(header, at) for header, at, target in self._columns if target is ImportField.CONTACT_NAME]
        self._names = sorted(names, key=lambda name: headings.is_last_name(name[0]))

    def read(self, row: Row) -> ClientRow:
        client = ClientRow(row.number, row.cells)
        if row.fault:
            client.errors.append(RowError(row.number, None, ErrorCode.INVALID, row.fault))
            return client
        for header, at, target in self._columns:
            if cell := row.cells[at].strip():
                try:
                    _take(client, target, _legible(cell))
                except Refusal as refusal:
                    client.errors.append(RowError(row.number, header, refusal.code, refusal.message))
        self._take_name(client)
        return client

    def _take_name(self, client: ClientRow) -> None:
        parts = {header: part for header, at in self._names if (part := client.cells[at].strip())}
        if parts:
            try:
                name = " ".join(map(_legible, parts.values()))
                client.contact_name = text.one_line(name, noun="The contact's name")
            except Refusal as refusal:
                client.errors.append(RowError(client.number, next(iter(parts)), refusal.code, refusal.message))


def _legible(cell: str) -> str:
    if cell in words.FAILED:
        raise Refusal(ErrorCode.INVALID, f"{cell} is what a spreadsheet shows where a formula failed. Mend it.")
    if cell == UNCALCULATED:
        why = "Its formula has no value yet. Open the workbook in your spreadsheet program, save it, and upload that."
        raise Refusal(ErrorCode.INVALID, why)
    if UNREAD in cell:
        why = f"A character of it could not be read, and stands as {UNREAD}. Mend it."
        raise Refusal(ErrorCode.INVALID, why)
    return cell


def _take(client: ClientRow, target: ImportField | FieldRef, cell: str) -> None:
    if isinstance(target, FieldRef):
        _take_address(client, target, cell)
    elif target in _SWITCHES:
        client.switches[_SWITCHES[target]] = _meant(cell, words.yes_or_no, "yes nor no")
    elif target is ImportField.ACCOUNT_NAME:
        client.account_name = text.one_line(cell, noun="The account's name")
    elif target is ImportField.ACCOUNT_CODE:
        client.account_code = text.one_line(cell, noun="The code", longest=LONGEST_CODE)
    elif target is ImportField.ACCOUNT_KIND:
        client.account_kind = _meant(cell, words.account_kind, "company, individual nor other")


def _meant(cell: str, read: Callable[[str], Value | None], neither: str) -> Value:
    value = read(cell)
    if value is None:
        raise Refusal(ErrorCode.INVALID, f"{_short(cell)} means neither {neither}.")
    return value


def _take_address(client: ClientRow, target: FieldRef, cell: str) -> None:
    if len(cell) > LONGEST_ADDRESS:
        raise Refusal(ErrorCode.ADDRESS_INVALID, f"An address has at most {LONGEST_ADDRESS} characters.")
    if cell.count("@") > 1 and any(sign in cell for sign in ",; \n"):
        why = "There is more than one address. Each has a column of its own, since it is kept in a field of its own."
        raise Refusal(ErrorCode.ADDRESS_INVALID, why)
    typed = address.typed(cell)
    if any(typed.key == address.key for address in client.addresses.values()):
        raise Refusal(ErrorCode.ALREADY_TAKEN, f"{typed.text} stands in another column of this row already.")
    client.addresses[target] = typed


def _short(cell: str) -> str:
    shown = cell if len(cell) <= 40 else f"{cell[:40]}…"
    return shown if shown.isprintable() else "This"
