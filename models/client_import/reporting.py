"""Keeps what came of each row of an import, and the import's figures."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from uuid_utils.compat import uuid7

from models.client_import.client_import import from_json
from models.client_import.listing import figures_of
from models.client_import.planning import Plan
from models.client_import.result import RowOutcome
from models.client_import.values import RowError
from models.ground import store
from models.run import start_over, went_on
from models.viewer import Viewer


async def keep(by: Viewer, run: Any, turn: int, plan: Plan) -> bool:
    """Keeps the results of a chunk up to `turn`. False: it was the last. Inside a transaction that holds the run."""
    results = plan.results
    dry_run = from_json(run["asked"]).dry_run
    people = [None if dry_run else result.contact_id for result in results]
    columns = [result.number for result in results], [result.outcome for result in results], people, dry_run
    await store.execute(store.for_many(_RESULTS, results), run["firm_id"], run["id"], *columns)
    await _keep_errors(run, [error for result in results for error in result.errors])
    return await went_on(by, run, turn=turn, done=len(results), tallies=_added(run, plan))


# one by one (LATERAL), so that each is found by its number whatever PostgreSQL takes the table to be
_RESULTS = """
UPDATE client_import_row r SET outcome = n.outcome, contact_id = n.contact_id,
  cells = CASE WHEN n.outcome = 'ERROR' OR $6 THEN r.cells END
FROM unnest($3::int[], $4::text[], $5::uuid[]) AS n(number, outcome, contact_id), LATERAL (
  SELECT o.id FROM client_import_row o
  WHERE o.firm_id = $1 AND o.run_id = $2 AND o.number = n.number LIMIT 1) o
WHERE r.id = o.id
"""


async def _keep_errors(run: Any, errors: Iterable[RowError]) -> None:
    columns = [(uuid7(), error.row, error.column, error.code, error.message) for error in errors]
    if columns:
        await store.execute(_ERRORS, run["firm_id"], run["id"], *map(list, zip(*columns, strict=True)))


_ERRORS = """
INSERT INTO client_import_error (id, firm_id, run_id, number, header, code, message)
SELECT n.id, $1, $2, n.number, n.header, n.code, n.message
FROM unnest($3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[]) AS n(id, number, header, code, message)
"""


def _added(run: Any, plan: Plan) -> dict[str, int]:
    outcomes, deeds = Counter(result.outcome for result in plan.results), plan.deeds
    added = {
        "rows_created": outcomes[RowOutcome.CREATED],
        "rows_matched": outcomes[RowOutcome.MATCHED],
        "rows_with_errors": outcomes[RowOutcome.ERROR],
        "accounts_created": len(deeds.accounts),
        "contacts_created": len(deeds.contacts),
        "contacts_matched": deeds.contacts_matched,
        "invited": deeds.invited_count,
    }
    return {name: figure + added.get(name, 0) for name, figure in figures_of(run["tallies"]).items()}


async def forget_cells(run: Any) -> None:
    """A dry run has ended: the cells of its good rows are deleted. Inside a transaction that holds the run."""
    await store.execute(_FORGET_CELLS, run["firm_id"], run["id"])


_FORGET_CELLS = """
UPDATE client_import_row SET cells = NULL WHERE firm_id = $1 AND run_id = $2 AND outcome <> 'ERROR'
"""


async def forget(run: Any) -> None:
    """A dry run begins anew: its results so far are deleted. Inside a transaction that holds the run."""
    await store.execute("DELETE FROM client_import_error WHERE firm_id = $1 AND run_id = $2", run["firm_id"], run["id"])
    await start_over(run, {"last_number": figures_of(run["tallies"])["last_number"]})
