"""The errors of a bulk update as a file for spreadsheets (R29)."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any
from uuid import UUID

from models.bulk_update.item import BulkOutcome
from models.bulk_update.listing import OF_THESE_KINDS
from models.bulk_update.result import result_of
from models.bulk_update.words import name_of, sentence
from models.csv_file import MARK, ROWS_AT_ONCE, CsvFile, some_lines
from models.ground import store
from models.harmless import harmless
from models.time_zone import zone_of
from models.toggles import Switch
from models.viewer import Viewer

HEADINGS = ("Account code", "Account", "Contacts", "Address", "Setting", "Code", "What happened")


async def error_list(by: Viewer, run_id: UUID) -> CsvFile | None:
    """
    One line for each error, in the order of the report; of 100,000 only the places are kept in memory. None: there is
    no such run, or it has not ended.
    """
    run = await store.row(_RUN, by.firm_id, run_id)
    if run is None:
        return None
    day = run["ended_at"].astimezone(zone_of(run["time_zone"])).date()
    return CsvFile(f"bulk-update-errors-{day}.csv", _pieces(by, run["failed"]))


_FAILED = " OR ".join(f"i.{switch}_outcome = '{BulkOutcome.ERROR}'" for switch in Switch)
_RUN = f"""
SELECT r.ended_at, f.time_zone, ARRAY(
  SELECT i.id FROM bulk_update_item i
  WHERE i.firm_id = $1 AND i.run_id = $2 AND i.turn <= r.turn AND ({_FAILED}) ORDER BY i.place) AS failed
FROM run r JOIN firm f ON f.id = r.firm_id
WHERE r.firm_id = $1 AND r.id = $2 AND r.{OF_THESE_KINDS} AND r.ended_at IS NOT NULL
"""


async def _pieces(by: Viewer, failed: Sequence[int]) -> AsyncIterator[bytes]:
    yield MARK + some_lines([HEADINGS])
    for first in range(0, len(failed), ROWS_AT_ONCE):
        items = await store.rows(_ITEMS, by.firm_id, failed[first : first + ROWS_AT_ONCE])
        yield some_lines(line for item in items for line in _lines(item))


# one by one (LATERAL), and an item by its id alone, so that each is found whatever PostgreSQL takes the tables to be
_ITEMS = """
SELECT i.*, a.code, a.name, e.address, c.names
FROM unnest($2::bigint[]) AS n(id)
CROSS JOIN LATERAL (SELECT * FROM bulk_update_item i WHERE i.id = n.id LIMIT 1) i
CROSS JOIN LATERAL (SELECT a.code, a.name FROM account a WHERE a.firm_id = $1 AND a.id = i.account_id LIMIT 1) a
LEFT JOIN LATERAL (
  SELECT e.address FROM email_address e WHERE e.firm_id = $1 AND e.id = i.address_id LIMIT 1) e ON true
CROSS JOIN LATERAL (
  SELECT coalesce(string_agg(k.name, ', ' ORDER BY k.sort_key, k.id), '') AS names
  FROM unnest(CASE WHEN i.contact_id IS NOT NULL THEN ARRAY[i.contact_id] ELSE ARRAY(
    SELECT h.contact_id FROM contact_email h WHERE h.firm_id = $1 AND h.address_id = i.address_id AND EXISTS (
      SELECT 1 FROM account_contact l
      WHERE l.firm_id = $1 AND l.contact_id = h.contact_id AND l.account_id = i.account_id)) END) AS h(contact_id)
  CROSS JOIN LATERAL (
    SELECT k.id, k.name, k.sort_key FROM contact k WHERE k.firm_id = $1 AND k.id = h.contact_id LIMIT 1) k) c
WHERE i.firm_id = $1 ORDER BY i.place
"""


def _lines(item: Any) -> Iterator[Sequence[str]]:
    whose = [harmless(item[column] or "") for column in ("code", "name", "names", "address")]
    for switch in Switch:
        if (result := result_of(item, switch)) and result.error:
            yield (*whose, name_of(switch), result.error, sentence(result.error, switch, result))
