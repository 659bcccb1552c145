"""
The process that reads a file: its bytes come in on standard input, and go out as lines of JSON.

One line for each row; then one for the file as a whole, or for why it cannot be read.
"""

import contextlib
import sys
from collections.abc import Iterable
from typing import BinaryIO

import orjson

from models.sheet import delimited, workbook
from models.sheet.encoding import text_of
from models.sheet.kind import is_workbook
from models.sheet.record import Layout, Record
from models.sheet.sheet import MOST_BYTES, MOST_TEXT, Unreadable

MEMORY = 1024 * 1024 * 1024  # bytes of address space
SECONDS = 30  # of the processor


def main() -> None:
    _limit()
    content = sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        _write(content, sys.stdout.buffer)
    except Unreadable as unreadable:
        _line(sys.stdout.buffer, {"unreadable": str(unreadable)})
    except MemoryError:
        _line(sys.stdout.buffer, {"unreadable": "Reading the file took more memory than it may. Save it as CSV."})
    sys.stdout.buffer.flush()


def _write(content: bytes, out: BinaryIO) -> None:
    records, warnings, delimiter = records_of(content)
    layout, room = Layout(records), MOST_TEXT
    for row in layout.rows():
        room -= _line(out, [row.number, row.fault, *row.cells])
        if room < 0:
            raise Unreadable(f"The cells of the file hold more than {MOST_TEXT // 1024**2} MB of text. Split it.")
    _line(out, {"headers": layout.headers, "warnings": [*warnings, *layout.warnings], "delimiter": delimiter})


def records_of(content: bytes) -> tuple[Iterable[Record], list[str], str]:
    """The records, warnings, and the delimiter (of a workbook, the one for files made from it). Raises Unreadable."""
    if is_workbook(content):
        return *workbook.records(content), ";"
    text, warnings = text_of(content)
    delimiter, text = delimited.delimiter_of(text)
    return delimited.records(text, delimiter), warnings, delimiter if delimiter in delimited.DELIMITERS else ";"


def _line(out: BinaryIO, value: object) -> int:
    return out.write(orjson.dumps(value) + b"\n")


def _limit() -> None:
    """Memory beyond the limit is refused; beyond the time the system ends the process."""
    if sys.platform == "win32":
        return
    import resource

    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_DATA, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of memory
            resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    main()
