"""Files of rows, as programs write them."""

import csv
from collections.abc import Sequence
from io import StringIO

Table = Sequence[Sequence[str]]


def written(table: Table, *, delimiter: str = ";", ends: str = "\r\n", quoting: int = csv.QUOTE_MINIMAL) -> str:
    out = StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=ends, quoting=quoting).writerows(table)  # type: ignore[arg-type]
    return out.getvalue()
