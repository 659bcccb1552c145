"""The errors of a bulk update as a file for spreadsheets: UTF-8 with its mark (BOM), lines as in RFC 4180 (R29)."""

import csv
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from models.bulk_update.harmless import harmless
from models.bulk_update.result import result_of
from models.bulk_update.table import BulkOutcome
from models.bulk_update.words import name_of, sentence
from models.ground import store
from models.toggles import Switch
from models.viewer import Viewer

HEADINGS = ("Account code", "Account", "Contacts", "Address", "Setting", "Code", "What happened")
ITEMS_AT_ONCE = 250
"""Read, written and forgotten together, so that 100,000 take no more memory than these."""
MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class ErrorList:
    """`pieces`: each of whole lines, read while they are sent."""

    name: str
    pieces: AsyncIterator[bytes]


async def error_list(by: Viewer, run_id: UUID) -> ErrorList | None:
    """One line for each error, as the report has them. None: there is no such run, or it has not ended."""
    run = await store.row(_RUN, by.firm_id, run_id)
    if run is None:
        return None
    day = run["ended_at"].astimezone(ZoneInfo(run["time_zone"])).date()
    first = await _items(by, run_id, run["turn"], after=0)  # before the answer begins: it may still be refused
    return ErrorList(f"bulk-update-errors-{day}.csv", _pieces(by, run_id, run["turn"], first))


_RUN = """
SELECT r.ended_at, r.turn, f.time_zone FROM run r JOIN firm f ON f.id = r.firm_id
WHERE r.firm_id = $1 AND r.id = $2 AND r.ended_at IS NOT NULL
"""


async def _pieces(by: Viewer, run_id: UUID, turn: int, items: Sequence[Any]) -> AsyncIterator[bytes]:
    yield (MARK + _as_csv([HEADINGS])).encode()
    while items:
        yield _as_csv(line for item in items for line in _lines(item)).encode()
        items = await _items(by, run_id, turn, after=items[-1]["place"])


async def _items(by: Viewer, run_id: UUID, turn: int, *, after: int) -> Sequence[Any]:
    return await store.rows(_ITEMS, by.firm_id, run_id, turn, after, ITEMS_AT_ONCE)


_FAILED = " OR ".join(f"i.{switch}_outcome = '{BulkOutcome.ERROR}'" for switch in Switch)
# one by one (LATERAL), so that each is found by its id whatever PostgreSQL takes the tables to be
_ITEMS = f"""
SELECT i.*, a.code, a.name, e.address, c.names
FROM (
  SELECT * FROM bulk_update_item i
  WHERE i.firm_id = $1 AND i.run_id = $2 AND i.turn <= $3 AND i.place > $4 AND ({_FAILED})
  ORDER BY i.place LIMIT $5) i
CROSS JOIN LATERAL (SELECT a.code, a.name FROM account a WHERE a.firm_id = $1 AND a.id = i.account_id LIMIT 1) a
LEFT JOIN LATERAL (
  SELECT e.address FROM email_address e WHERE e.firm_id = $1 AND e.id = i.address_id LIMIT 1) e ON true
CROSS JOIN LATERAL (
  SELECT coalesce(string_agg(k.name, ', ' ORDER BY k.sort_key, k.id), '') AS names
  FROM contact k WHERE k.firm_id = $1 AND k.id = ANY(CASE
    WHEN i.contact_id IS NOT NULL THEN ARRAY[i.contact_id]
    ELSE ARRAY(
      SELECT h.contact_id FROM contact_email h WHERE h.firm_id = $1 AND h.address_id = i.address_id AND EXISTS (
        SELECT 1 FROM account_contact l
        WHERE l.firm_id = $1 AND l.contact_id = h.contact_id AND l.account_id = i.account_id)) END)) c
ORDER BY i.place
"""


def _lines(item: Any) -> Iterator[Sequence[str]]:
    for switch in Switch:
        if (result := result_of(item, switch)) and result.error:
            whose = (item["code"], item["name"], item["names"], item["address"] or "")
            yield (*whose, name_of(switch), result.error, sentence(result.error, switch, result))


def _as_csv(lines: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
    out = StringIO(newline="")
    csv.writer(out).writerows(map(harmless, line) for line in lines)
    return out.getvalue()
