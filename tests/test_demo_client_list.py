"""The demo writes a list of clients to import: with semicolons, in Windows-1252, with three bad rows."""

import subprocess
import sys
from collections.abc import Sequence

import pytest

from mail.demo.client_list import HEADERS
from models.client_import.columns import ImportField, guess
from models.client_import.values import ClientRow, client_rows
from models.contact import FieldRef
from models.sheet import process
from models.sheet.sheet import Sheet
from tests.support.processes.switchboard import CHECKOUT


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("list")
    command = [sys.executable, "-m", "mail.demo.client_list", "40", "--into", str(folder)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def clients(sheet: Sheet) -> list[ClientRow]:
    return list(client_rows(sheet, guess(sheet)))


def errors(rows: Sequence[ClientRow]) -> list[tuple[int, str | None]]:
    return [(row.number, error.column) for row in rows for error in row.errors]


@pytest.mark.parametrize("name", ["clients.csv", "clients.xlsx"])
async def test_its_columns_are_guessed_and_three_of_its_rows_cannot_be_taken(
    written: dict[str, bytes], name: str
) -> None:
    sheet = await process.read(written[name])
    assert sheet.headers == HEADERS
    assert list(guess(sheet).values()) == [
        ImportField.ACCOUNT_CODE,
        ImportField.ACCOUNT_NAME,
        ImportField.ACCOUNT_KIND,
        ImportField.CONTACT_NAME,
        FieldRef(name="Email"),
        ImportField.LOGIN,
        ImportField.NOTIFY,
    ]
    rows = clients(sheet)
    assert len(rows) == 44, "four of forty have a second contact"
    assert errors(rows) == [(31, "E-mail"), (32, "Portale")]
    assert [row.number for row in rows if not (row.account_name or row.account_code)] == [33]


async def test_both_files_say_the_same_and_only_the_csv_is_no_unicode(written: dict[str, bytes]) -> None:
    as_csv, as_xlsx = await process.read(written["clients.csv"]), await process.read(written["clients.xlsx"])
    assert clients(as_csv) == clients(as_xlsx)
    assert any("Windows-1252" in warning for warning in as_csv.warnings)
    assert as_xlsx.warnings == ()
    assert any("Cefalù" in row.account_name for row in clients(as_csv))
