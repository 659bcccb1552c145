"""
The bad rows of an import as a file, to mend and import again: what is wrong in the first column, then the cells as they
came, safe in any spreadsheet, with the file's own delimiter and headers. Imported again, that column and our
apostrophes are taken off.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import orjson

from models.client_import.client_import import ClientImport, from_json
from models.csv_file import MARK, ROWS_AT_ONCE, CsvFile, some_lines
from models.ground import store
from models.harmless import harmless
from models.run import RunKind
from models.sheet.sheet import ERROR_COLUMN
from models.time_zone import zone_of
from models.viewer import Viewer


async def bad_rows(by: Viewer, run_id: UUID) -> CsvFile | None:
    """None: there is no such import, it has not ended, or it has no bad row."""
    run = await store.row(_RUN, by.firm_id, run_id)
    if run is None:
        return None
    day = run["ended_at"].astimezone(zone_of(run["time_zone"])).date()
    return CsvFile(f"rows-to-mend-{day}.csv", _pieces(by, run_id, from_json(run["asked"])))


_RUN = f"""
SELECT r.ended_at, r.asked, f.time_zone FROM run r JOIN firm f ON f.id = r.firm_id
WHERE r.firm_id = $1 AND r.id = $2 AND r.kind = '{RunKind.CLIENT_IMPORT}' AND r.ended_at IS NOT NULL AND EXISTS (
  SELECT 1 FROM client_import_row b WHERE b.firm_id = $1 AND b.run_id = $2 AND b.outcome = 'ERROR')
"""


async def _pieces(by: Viewer, run_id: UUID, wish: ClientImport) -> AsyncIterator[bytes]:
    yield MARK + some_lines([[ERROR_COLUMN, *map(harmless, wish.headers)]], wish.delimiter)
    number = -1
    while rows := await store.rows(_ROWS, by.firm_id, run_id, number, ROWS_AT_ONCE):
        number = rows[-1]["number"]
        yield some_lines(map(_line, rows), wish.delimiter)


_ROWS = """
SELECT b.number, b.cells, e.errors FROM (
  SELECT * FROM client_import_row b
  WHERE b.firm_id = $1 AND b.run_id = $2 AND b.outcome = 'ERROR' AND b.number > $3 ORDER BY b.number LIMIT $4) b
CROSS JOIN LATERAL (
  SELECT array_agg(concat_ws(': ', e.header, e.message) ORDER BY e.id) AS errors FROM client_import_error e
  WHERE e.firm_id = $1 AND e.run_id = $2 AND e.number = b.number) e
ORDER BY b.number
"""


def _line(row: Any) -> Sequence[str]:
    cells = (" ".join(row["errors"] or ()), *orjson.loads(row["cells"]))
    return [harmless(cell) for cell in cells]
