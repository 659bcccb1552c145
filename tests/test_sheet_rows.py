"""Nothing of a file is lost or guessed in silence: a row that cannot be taken says why, and the others are read."""

import csv
from io import StringIO

import pytest

from models.harmless import harmless
from models.sheet.encoding import DAMAGED
from models.sheet.sheet import ERROR_COLUMN, LONGEST_CELL, Row, Unreadable
from tests.support.firm.sheets import laid_out


def faults(text: str) -> dict[int, str]:
    return {row.number: row.fault for row in laid_out(text.encode())[1] if row.fault}


def cells(text: str) -> list[tuple[str, ...]]:
    return [row.cells for row in laid_out(text.encode())[1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sep=;\nA,B;C\n1,2;3\n", [("1,2", "3")]),
        ("SEP=\t\r\nA\tB\r\n1\t2\r\n", [("1", "2")]),
        ("sep=:\nA:B\n1:2\n", [("1", "2")]),
        ('sep= \nA "B"\n1 "2"\n', [('A "B"',), ('1 "2"',)]),
        ("A,B;C\n1;2\n3;4\n", [("1", "2"), ("3", "4")]),
        ("A;B,C\n1,2\n3,4\n", [("1", "2"), ("3", "4")]),
        ("E-mail\na,b;c|d\n", [("a,b;c|d",)]),
        ("A;B\n1\n", [("1", "")]),
        ("A;B;;\n1;2;;;;\n", [("1", "2")]),
        ("A;B\n1; \"2;3\"\n", [("1", "2;3")]),
        ("A;B\r1;2\r\n3;4\n\r5;6", [("1", "2"), ("3", "4"), ("5", "6")]),
        ("A;B\nRossi \"Mario\" srl;12\"\n", [("Rossi \"Mario\" srl", "12\"")]),
        ("A;B\n1;2\n\ufeff3;\ufeff4\n", [("1", "2"), ("3", "4")]),
        ("A;B\n1\x0b2;3\x1c4\u20285\n", [("1\x0b2", "3\x1c4\u20285")]),
    ],
)  # fmt: skip
def test_what_stands_in_a_file_is_read(text: str, expected: list[tuple[str, ...]]) -> None:
    assert cells(text) == expected
    assert faults(text) == {}


@pytest.mark.parametrize(
    ("text", "row", "fault"),
    [
        ("A;B\n1;2\n3;4;5\n6;7\n", 2, "It has 3 cells for 2 headers: there is none above column C"),
        ("A;B\n1;2\nA;B\n6;7\n", 2, "It says the header once more"),
        ("A;B\n1;2\n3,4\n6;7\n", 2, "in the header, which has a semicolon"),
        ("A,B\n1,2\n3\t4\n6,7\n", 2, "in the header, which has a comma"),
        ("A;B\n1;2\n\"3\"x;4\n6;7\n", 2, "Its quotes are in disorder"),
        (f"A;B\n1;2\n{'x' * (LONGEST_CELL + 1)};4\n6;7\n", 2, "The cell in column A has more than 32,767 characters"),
        (f"A;B\n1;2\n{';'.join('x' * 500)}\n6;7\n", 2, "It has 500 cells for 2 headers"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_taken_says_why_and_the_others_are_read(text: str, row: int, fault: str) -> None:
    ((number, said),) = faults(text).items()
    assert (number, fault in said) == (row, True)
    rows = laid_out(text.encode())[1]
    assert [row for row in rows if not row.fault] == [Row(1, ("1", "2")), Row(3, ("6", "7"))]
    assert all(2 <= len(row.cells) <= 200 and len(max(row.cells, key=len)) <= LONGEST_CELL for row in rows)


def test_a_comma_in_quotes_is_no_other_delimiter() -> None:
    assert faults('A;B\n"Rossi, Mario"\n') == {}


def test_ten_thousand_faults_are_each_told() -> None:
    assert len(faults("A;B\n" + "1;2;3\n" * 10_000)) == 10_000


def test_a_header_that_stands_twice_has_two_names() -> None:
    headers, rows, warnings = laid_out(b"E-mail;e-mail;E-mail;;E-mail (2)\n1;2;3;4;5\n")
    assert headers == ("E-mail", "e-mail", "E-mail (2)", "Column D", "E-mail (2) (2)")
    assert (rows, len(warnings)) == ([Row(1, ("1", "2", "3", "4", "5"))], 2)
    assert warnings[0] == "There is more than one column E-mail. Column C is E-mail (2) here."


def test_a_header_is_shown_in_one_line() -> None:
    assert laid_out(b'" E-mail\r\n (work) ";\tB\x07\n1;2\n')[0] == ("E-mail (work)", "B")


def test_what_cannot_be_read_stands_as_such() -> None:
    _, rows, warnings = laid_out(b"\xef\xbb\xbfA;B\nCitt\xe0;1\nx\0y;2\n")
    assert ([row.cells for row in rows], warnings) == ([("Citt\ufffd", "1"), ("x\ufffdy", "2")], [DAMAGED])


def test_our_own_report_of_bad_rows_comes_in_again_as_it_was() -> None:
    table = [("Client", "+E-mail", "=Note"), ("=Rossi", "+39@x.test", "a;\t=b"), ("\tVerdi", "-", "x\n@y")]
    out = StringIO(newline="")
    report = [(ERROR_COLUMN, *table[0]), *(("It is wrong.", *row) for row in table[1:]), ("Only words", "", "", "")]
    csv.writer(out, delimiter=";").writerows([map(harmless, row) for row in report])
    headers, rows, _ = laid_out(f"\ufeff{out.getvalue()}".encode())
    assert [headers, *(row.cells for row in rows)] == table


@pytest.mark.parametrize("text", ["", " \r\n\t\r\n", ";;\n;;\n"])
def test_a_file_without_a_cell_is_empty(text: str) -> None:
    with pytest.raises(Unreadable, match="The file is empty"):
        laid_out(text.encode())


def test_a_file_of_a_header_alone_is_refused() -> None:
    with pytest.raises(Unreadable, match="Below its header the file has no row"):
        laid_out(b"A;B\n\n;\n")


@pytest.mark.parametrize(
    ("text", "where"), [('"A;B\n1;2\n', "In the header, column A"), ('A;B\n1;"2', "In row 1 below")]
)
def test_where_a_quote_opens_that_is_never_closed_is_told(text: str, where: str) -> None:
    with pytest.raises(Unreadable, match=where):
        laid_out(text.encode())
