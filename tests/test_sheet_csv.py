"""CSV of every kind: what stands in the file is what is read."""

import csv

import pytest

from models.sheet import delimited
from models.sheet.encoding import GUESSED
from models.sheet.sheet import Row, Unreadable
from tests.support.firm.sheets import laid_out, written

HEADERS = ("Name", "E-mail")
CLIENTS = (("Rossi & Figli", "info@rossi.test"), ('Città; "Nuova"', "x,y|z\t@w"), ("Via\r\nRoma", ""))


def cells(content: bytes) -> list[tuple[str, ...]]:
    return [row.cells for row in laid_out(content)[1]]


def faults(content: bytes) -> dict[int, str]:
    return {row.number: row.fault for row in laid_out(content)[1] if row.fault}


@pytest.mark.parametrize("delimiter", delimited.DELIMITERS)
@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_any_delimiter_line_end_and_way_to_quote_is_found_out(delimiter: str, ends: str, quoting: int) -> None:
    text = written([HEADERS, *CLIENTS[:2]], delimiter=delimiter, ends=ends, quoting=quoting)
    headers, rows, warnings = laid_out(text.encode())
    assert (headers, [row.cells for row in rows], warnings) == (HEADERS, [*CLIENTS[:2]], [])


@pytest.mark.parametrize(
    ("encoding", "warnings"),
    [("utf-8", []), ("utf-8-sig", []), ("utf-16", []), ("utf-32", []), ("cp1252", [GUESSED])],
)
def test_an_encoding_is_found_out_and_one_that_had_to_be_guessed_is_told(encoding: str, warnings: list[str]) -> None:
    assert laid_out(written([HEADERS, *CLIENTS]).encode(encoding)) == (
        HEADERS,
        [Row(at, client) for at, client in enumerate(CLIENTS, start=1)],
        warnings,
    )


def test_a_line_break_in_quotes_begins_no_row_and_an_empty_row_counts() -> None:
    assert laid_out(b'Name;E-mail\nA;"1\n2"\n\n;\nB;3\n')[1] == [Row(1, ("A", "1\n2")), Row(4, ("B", "3"))]


def test_a_quote_that_is_never_closed_is_told_with_its_row_and_column() -> None:
    with pytest.raises(Unreadable, match="In row 2 below the header, column B, a quote opens that is never closed"):
        laid_out(b'Name;E-mail\nA;1\nB;"2\nC;3\nD;4\n')
