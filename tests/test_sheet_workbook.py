"""XLSX: what the spreadsheet shows is what is read, and no formula is run."""

from io import BytesIO
from zipfile import ZIP_BZIP2, ZipFile

import pytest

from models.sheet.archive import MOST_UNPACKED
from models.sheet.sheet import Row, Unreadable
from tests.support.firm.sheets import DATE, FIVE_DIGITS, as_workbook, laid_out, number, row, words, workbook

HEAD = row(1, words("Codice"), words("Cliente"))


def first(*cells: str) -> tuple[str, ...]:
    headers = [words(f"H{at}") for at in range(len(cells))]
    return laid_out(workbook(row(1, *headers) + row(2, *cells)))[1][0].cells


def refused(content: bytes) -> str:
    with pytest.raises(Unreadable) as unreadable:
        laid_out(content)
    return str(unreadable.value)


def test_a_workbook_is_read_as_it_stands() -> None:
    table = [("Name", "E-mail"), ("Rossi & <Figli>", "info@rossi.test"), (" Via\nRoma ", "")]
    assert laid_out(as_workbook(table)) == (table[0], [Row(1, table[1]), Row(2, table[2])], [])


def test_numbers_dates_and_answers_are_read_as_they_are_shown() -> None:
    shown = first(
        *(number(1), number(0.1 + 0.2), number(12345678901), number(1e20), number(45992, DATE)),
        *('<c t="b"><v>1</v></c>', number(123, FIVE_DIGITS), words("00123"), number(-2.50)),
    )
    assert shown == ("1", "0.3", "12345678901", "1e+20", "2025-12-01", "TRUE", "00123", "00123", "-2.5")


def test_a_formula_counts_as_what_it_gave_when_the_workbook_was_saved() -> None:
    assert first("<c><f>1+1</f><v>2</v></c>", '<c t="str"><f>"a"</f><v>a</v></c>', words("=1+1")) == ("2", "a", "=1+1")


def test_a_formula_that_failed_or_was_never_calculated_is_no_empty_cell() -> None:
    failed, new, empty = '<c t="e"><f>1/0</f><v>#DIV/0!</v></c>', "<c><f>1+1</f></c>", '<c t="str"><f>""</f><v></v></c>'
    assert first(failed, new, "<c><f>1+1</f><v/></c>", empty, words("x")) == ("#DIV/0!", "#?", "#?", "", "x")


def test_rows_are_counted_below_the_header_wherever_that_stands() -> None:
    head, client = (words("Name"), words("Code")), (words("Rossi"), words("V1"))
    content = workbook(row(4, "", *head) + row(6, "", *client) + row(9, "", *client))
    assert laid_out(content) == (
        ("Column A", "Name", "Code"),
        [Row(2, ("", "Rossi", "V1")), Row(5, ("", "Rossi", "V1"))],
        [],
    )


def test_the_first_sheet_that_is_shown_is_read_and_the_others_are_told() -> None:
    _, rows, warnings = laid_out(workbook(HEAD, HEAD + row(2, words("V1"), words("Rossi")), HEAD, hidden=[0]))
    assert (len(rows), warnings) == (1, ["Only the first sheet, Sheet2, was read; the workbook has 1 more."])


def test_a_million_empty_rows_are_nothing() -> None:
    empty = "".join(f'<row r="{at}"><c r="A{at}" s="1"/></row>' for at in range(3, 100_000))
    assert len(laid_out(workbook(HEAD + row(2, words("V1")) + empty))[1]) == 1
    assert laid_out(workbook(HEAD + row(2, words("V1")) + row(1_048_576, words("V2"))))[1][-1].number == 1_048_575


def test_a_cell_that_lies_too_far_away_is_told() -> None:
    far = row(1_048_576, words("x")).replace("A1048576", "XFD1048576")
    assert "as far away as row 1048576, column 16384" in refused(workbook(HEAD + far))


def test_what_unpacks_to_gigabytes_is_refused_whatever_it_says() -> None:
    bomb = workbook(HEAD, files=[("xl/media/image1.png", b"\0" * (MOST_UNPACKED + 1))])
    assert "would take more than 256 MB" in refused(bomb)
    said = (MOST_UNPACKED + 1).to_bytes(4, "little")
    assert said in bomb
    assert "damaged" in refused(bomb.replace(said, (1000).to_bytes(4, "little")))


@pytest.mark.parametrize(
    ("name", "words_"),
    [
        ("mimetype", "LibreOffice"),
        ("xl/workbook.bin", r"\.xlsb"),
        ("word/document.xml", "Word"),
        ("ppt/presentation.xml", "presentation"),
        ("Index/Document.iwa", "Apple"),
        ("clients.csv", "another archive"),
    ],
)
def test_another_archive_is_told_apart(name: str, words_: str) -> None:
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(Unreadable, match=words_):
        laid_out(out.getvalue())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7", "a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        (b"\xef\xbb\xbf \n<HTML><table>", "web page"),
        (b"<?xml version='1.0'?><Workbook/>", "web page or XML"),
        (b"\x89PNG\r\n", "a picture"),
        (b"PK\x05\x06" + b"\0" * 18, "empty archive"),
        (b"PK\x03\x04" + b"\0" * 1000, "damaged"),
        (as_workbook([("A", "B"), ("1", "2")])[:-100], "damaged"),
    ],
)
def test_what_is_no_table_is_refused_in_plain_words(content: bytes, said: str) -> None:
    assert said in refused(content)


def test_a_workbook_without_a_row_is_refused() -> None:
    assert refused(workbook("")) == "The file is empty."
    assert refused(workbook(HEAD)) == "Below its header the file has no row."
    assert refused(workbook(HEAD, hidden=[0])) == "The workbook has no sheet that is shown."


def test_a_workbook_with_broken_parts_is_refused() -> None:
    assert "damaged" in refused(workbook(HEAD, files=[("xl/worksheets/sheet1.xml", "<worksheet><sheetData>")]))
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">]><worksheet>&b;</worksheet>'
    assert "damaged" in refused(workbook(HEAD, files=[("xl/worksheets/sheet1.xml", bomb)]))
    out = BytesIO()
    with ZipFile(out, "w", ZIP_BZIP2) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert "damaged" in refused(out.getvalue())
