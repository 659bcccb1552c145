"""A file is read in a process of its own: what it does to its reader, it does to that process alone (P7)."""

import asyncio
import contextlib
import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.sheet import process
from models.sheet.sheet import MOST_BYTES, Row, Unreadable
from tests.support.firm.sheets import MAIN, Table, as_workbook, laid_out, relations, row, words, workbook, written
from tests.support.waiting import patience

HEAD = row(1, words("Code"), words("Client"))
MB = 1024 * 1024
MOST_MEMORY, MOST_SECONDS = 500 * MB, 15.0
HEADERS = st.text(alphabet="abcdeèÀß€", min_size=1, max_size=8)
CELLS = st.text(alphabet='ab;,|\t"\n è€ÿß=+-@.', max_size=12)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    headers = draw(st.lists(HEADERS, min_size=2, max_size=5, unique=True))
    filled = st.tuples(st.text(alphabet="xyz", min_size=1), *[CELLS] * (len(headers) - 1))
    return [tuple(headers), *draw(st.lists(filled, min_size=1, max_size=8))]


def trimmed(table: Table) -> list[tuple[str, ...]]:
    return [tuple(cell.strip() for cell in cells) for cells in table]


def read_back(content: bytes) -> list[tuple[str, ...]]:
    headers, rows, _ = laid_out(content)
    assert [row.fault for row in rows] == [""] * len(rows)
    return trimmed([headers, *(row.cells for row in rows)])


@given(
    table=tables(),
    delimiter=st.sampled_from(";,\t|"),
    ends=st.sampled_from(["\r\n", "\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_whatever_is_written_as_csv_is_read_back(
    table: Table, delimiter: str, ends: str, quoting: int, encoding: str
) -> None:
    quoting = csv.QUOTE_ALL if ends == "\r" else quoting  # else this writer takes a line break in a cell for none
    content = written(table, delimiter=delimiter, ends=ends, quoting=quoting).encode(encoding)
    assume(encoding != "cp1252" or content.isascii() or not _is_utf_8(content))
    assert read_back(content) == trimmed(table)


def _is_utf_8(content: bytes) -> bool:
    """Where that is so by chance, nobody can tell."""
    return "\ufffd" not in content.decode(errors="replace")


@given(tables())
def test_whatever_is_written_as_a_workbook_is_read_back(table: Table) -> None:
    assert read_back(as_workbook(table)) == trimmed(table)


@given(st.binary(max_size=300) | st.text(alphabet='ab;,\t"\n\r\0\ufeff', max_size=60).map(str.encode))
def test_any_bytes_are_rows_or_a_sentence(content: bytes) -> None:
    with contextlib.suppress(Unreadable):
        headers, rows, _ = laid_out(content)
        assert len({*headers}) == len(headers) > 0
        assert [row for row in rows if len(row.cells) < len(headers) or "\0" in "".join(row.cells)] == []


@pytest.mark.parametrize("content", [b"A;B\r\n1;2\r\n", as_workbook([("A", "B"), ("1", "2")])])
async def test_a_file_is_read_in_another_process(content: bytes) -> None:
    sheet = await process.read(content)
    assert (sheet.headers, [*sheet.rows], sheet.warnings, sheet.delimiter) == (
        ("A", "B"),
        [Row(1, ("1", "2"))],
        (),
        ";",
    )


async def test_a_single_column_comes_with_a_delimiter_that_is_found_out_again() -> None:
    sheet = await process.read(b"E-mail\na@b.test,c@d.test\n")
    assert (sheet.rows[0].cells, sheet.delimiter) == (("a@b.test,c@d.test",), ";")


async def test_a_file_that_is_too_large_is_refused_before_anything_is_read() -> None:
    with pytest.raises(Unreadable, match="more than 20 MB"):
        await process.read(b"x" * (MOST_BYTES + 1))


def styles_of_many_cells() -> bytes:
    empty = "".join(f'<row r="{at}"><c r="A{at}" s="1"/></row>' for at in range(2, 1_048_577))
    return workbook(HEAD + empty)


def long_text_said(times: int) -> bytes:
    """In the file it stands once."""
    said = f'<sst xmlns="{MAIN}"><si><t>{"x" * 32_000}</t></si></sst>'
    kinds = {"worksheet": "worksheets/sheet1.xml", "sharedStrings": "sharedStrings.xml"}
    rows = "".join(f'<row r="{at}"><c r="A{at}" t="s"><v>0</v></c></row>' for at in range(2, times + 2))
    files = [("xl/sharedStrings.xml", said), ("xl/_rels/workbook.xml.rels", relations(kinds))]
    return workbook(HEAD + rows, files=files)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "1 MB in one line": (lambda: b"a;" * 500_000, "The file has 500,000 columns"),
    "1 MB of header": (lambda: b"a" * MB + b";b\n1;2\n", "The header of column A has 1,048,576 characters"),
    "500 columns": (lambda: b";".join([b"x"] * 500) + b"\n1;2\n", "The file has 500 columns; at most 200 are read"),
    "a quote that is never closed": (
        lambda: b'a;b\nx;y\n"' + b"x;\n" * 6_900_000,
        "In row 2 below the header, column A",
    ),
    "nothing but quotes": (lambda: b"a;b\n" + b'"' * (MOST_BYTES - 4), ""),
    "nothing but quotes, one too many": (lambda: b"a;b\n" + b'"' * (MOST_BYTES - 5), "a quote opens that is never"),
    "nothing but line breaks": (lambda: b"a;b" + b"\n" * (MOST_BYTES - 3), "more than 1,048,576 lines"),
    "nothing but delimiters": (lambda: b"a;b\n" + b";" * (MOST_BYTES - 4), "has no row"),
    "too many rows": (lambda: b"a;b\n" + b"x;y\n" * 50_001, "more than 50,000 rows"),
    "as many rows as may": (lambda: b"a;b\n" + b"x;y\n" * 50_000, ""),
    "as many cells as may": (lambda: (b"a;" * 199 + b"a\n") + (b"1;" * 199 + b"1\n") * 50_000, ""),
    "a cell of 20 MB": (lambda: b"a;b\nx;" + b"x" * (MOST_BYTES - 6), ""),
    "marks of ours": (lambda: b"a;b\nx;" + b"'=" * (MOST_BYTES // 2 - 3), ""),
    "control characters": (lambda: b"a;b\nx;" + b"\x01" * (MOST_BYTES - 6), ""),
    "zeros": (lambda: b"a;b\n" + b"\0" * MB, "This is not a text file"),
    "a million styled cells": (styles_of_many_cells, "has no row"),
    "a far cell": (lambda: workbook(HEAD + row(1_048_576, words("x"), words("y"))), ""),
    "a long text that is said often": (lambda: long_text_said(5_000), "more than 64 MB of text"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_file_costs_has_a_limit(name: str) -> None:
    made, said = HOSTILE[name]
    reader = subprocess.run(
        [sys.executable, "-m", "tests.support.processes.sheet_memory"], input=made(), capture_output=True, check=True
    )
    took, last = json.loads(reader.stderr), json.loads(reader.stdout.splitlines()[-1])
    assert said in last.get("unreadable", "")
    assert ("unreadable" in last) == bool(said)
    assert took["bytes"] < MOST_MEMORY
    assert took["seconds"] < MOST_SECONDS


async def test_a_reader_that_asks_for_too_much_is_ended_and_that_is_told() -> None:
    with pytest.raises(Unreadable, match="took more time or memory than it may"):
        await process.read(long_text_said(100_000))
    assert len((await process.read(b"A;B\n1;2\n")).rows) == 1


async def test_a_reader_that_cannot_even_begin_blames_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "orjson.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="ended with code 1"):
        await process.read(b"A;B\n1;2\n")


async def test_a_reader_whose_asker_is_gone_ends() -> None:
    asking = asyncio.create_task(process.read((b"a;" * 199 + b"a\n") + (b"1;" * 199 + b"1\n") * 50_000))
    async with patience():
        while not readers():  # noqa: ASYNC110 - no event tells of the birth of a process
            await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert readers() == []


def readers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "models.sheet.child" in child.cmdline()]
