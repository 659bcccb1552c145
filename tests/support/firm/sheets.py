"""Files of rows, as programs write them."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO, StringIO
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

import orjson

from models.sheet.child import records_of
from models.sheet.record import Layout
from models.sheet.sheet import Row, Rows

Table = Sequence[Sequence[str]]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="00000"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="164"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>'
)
DATE, FIVE_DIGITS = 1, 2


def written(table: Table, *, delimiter: str = ";", ends: str = "\r\n", quoting: int = csv.QUOTE_MINIMAL) -> str:
    out = StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=ends, quoting=quoting).writerows(table)  # type: ignore[arg-type]
    return out.getvalue()


def workbook(*sheets: str, hidden: Sequence[int] = (), files: Iterable[tuple[str, str | bytes]] = ()) -> bytes:
    """`sheets` are the rows of each, as XML; those of `hidden` are not shown. `files` come on top, or instead."""
    numbered = list(enumerate(sheets, start=1))
    named = "".join(
        f'<sheet name="Sheet{at}" sheetId="{at}" state="{_state(at - 1 in hidden)}" r:id="rId{at}"/>'
        for at, _ in numbered
    )
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": relations({"officeDocument": "xl/workbook.xml"}),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{named}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(*({"worksheet": f"worksheets/sheet{at}.xml"} for at, _ in numbered)),
        "xl/styles.xml": STYLES,
        **{f"xl/worksheets/sheet{at}.xml": sheet(rows) for at, rows in numbered},
        **dict(files),
    }
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def _state(hidden: bool) -> str:
    return "hidden" if hidden else "visible"


def relations(*targets: Mapping[str, str]) -> str:
    """By kind what is meant by rId1, rId2 and so on."""
    each = [(kind, target) for some in targets for kind, target in some.items()]
    inside = "".join(
        f'<Relationship Id="rId{at}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for at, (kind, target) in enumerate(each, start=1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{inside}</Relationships>'


def sheet(rows: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def row(number: int, *cells: str) -> str:
    """`cells` as XML, from column A on; an empty one is left out."""
    return f'<row r="{number}">' + "".join(
        cell.replace("<c", f'<c r="{chr(ord("A") + at)}{number}"', 1) for at, cell in enumerate(cells)
    ) + "</row>"  # fmt: skip


def words(text: str) -> str:
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>' if text else ""


def number(value: float, style: int = 0) -> str:
    return f"<c s={quoteattr(str(style))}><v>{value}</v></c>"


def as_workbook(table: Table) -> bytes:
    return workbook("".join(row(at, *map(words, cells)) for at, cells in enumerate(table, start=1)))


def rows_of(*cells: Sequence[str]) -> Rows:
    return Rows([orjson.dumps([at, "", *some]) for at, some in enumerate(cells, start=1)])


def laid_out(content: bytes) -> tuple[tuple[str, ...], list[Row], list[str]]:
    """What its process would answer, in this one: headers, rows, warnings. Raises Unreadable."""
    records, warnings, _ = records_of(content)
    layout = Layout(records)
    rows = list(layout.rows())
    return layout.headers, rows, [*warnings, *layout.warnings]
