"""An import as tests ask for it, go through it, and read what came of it and of the firm's clients."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import orjson

from models import client_import
from models.client_import import ClientImportView, NewImport, RowError, Runner, Target
from models.client_import.columns import ImportField
from models.client_import.starting import start_of
from models.contact import FieldRef
from models.ground import store
from models.ground.page import Window
from models.run import Pace
from models.sheet.sheet import Rows, Sheet
from models.toggles import NewToggles
from models.viewer import Viewer

NOTHING = UUID(int=0)
TARGETS: Mapping[str, Target] = {
    "Code": ImportField.ACCOUNT_CODE,
    "Client": ImportField.ACCOUNT_NAME,
    "Kind": ImportField.ACCOUNT_KIND,
    "Contact": ImportField.CONTACT_NAME,
    "E-mail": FieldRef(name="Email"),
    "Work": FieldRef(name="Work email"),
    "Login": ImportField.LOGIN,
    "Notify": ImportField.NOTIFY,
    "Sync": ImportField.EMAIL_SYNC,
}
ALL_OFF = NewToggles()
Row = Mapping[str, str]


class OneByOne(Pace):
    """Each chunk is one account."""

    FIRST = MOST = LEAST = 1


def sheet(rows: Sequence[Row]) -> Sheet:
    """Of all columns, in the order of TARGETS."""
    lines = [orjson.dumps([at, "", *(row.get(header, "") for header in TARGETS)]) for at, row in enumerate(rows, 1)]
    return Sheet(tuple(TARGETS), Rows(lines))


async def asked(
    by: Viewer, rows: Sequence[Row], *, toggles: NewToggles = ALL_OFF, dry_run: bool = False, key: str | None = None
) -> UUID:
    """It waits for its turn."""
    new = NewImport(NOTHING, tuple(TARGETS.items()), toggles, dry_run)
    return (await start_of(by, new, sheet(rows), key=key)).ids[0]


async def all_end(pace: type[Pace] = OneByOne) -> None:
    """Whatever waits, of any firm."""
    while await Runner(pace).look():
        pass


async def imported(
    by: Viewer,
    rows: Sequence[Row],
    *,
    toggles: NewToggles = ALL_OFF,
    dry_run: bool = False,
    pace: type[Pace] = OneByOne,
) -> ClientImportView:
    """From beginning to end."""
    run_id = await asked(by, rows, toggles=toggles, dry_run=dry_run)
    await all_end(pace)
    return await view(by, run_id)


async def view(by: Viewer, run_id: UUID) -> ClientImportView:
    return (await client_import.by_ids(by, [run_id]))[run_id]


async def errors(by: Viewer, run_id: UUID) -> list[RowError]:
    pages = await client_import.errors_of_imports(by, [run_id], Window(1000))
    return list(pages[run_id].rows)


async def said(by: Viewer, run_id: UUID) -> list[str]:
    """As in `2 Login INVALID`."""
    return [f"{error.row} {error.column} {error.code}" for error in await errors(by, run_id)]


async def outcomes(by: Viewer, run_id: UUID) -> list[str]:
    """Of each row."""
    query = "SELECT outcome FROM client_import_row WHERE firm_id = $1 AND run_id = $2 ORDER BY number"
    return [row["outcome"] for row in await store.rows(query, by.firm_id, run_id)]


async def clients(by: Viewer) -> list[str]:
    """As in `V1 Rossi: Anna (Email anna@rossi.test LN)`: a contact on an account, with the switches that are on."""
    return [row["said"] for row in await store.rows(_CLIENTS, by.firm_id)]


_CLIENTS = """
SELECT a.code || ' ' || a.name || coalesce(': ' || c.name || ' (' || h.held || ')', '') AS said
FROM account a LEFT JOIN account_contact l ON l.account_id = a.id LEFT JOIN contact c ON c.id = l.contact_id
LEFT JOIN LATERAL (
  SELECT coalesce(string_agg(f.name || ' ' || e.address || ' ' || coalesce(
    CASE WHEN t.login THEN 'L' ELSE '' END || CASE WHEN t.notify THEN 'N' ELSE '' END
      || CASE WHEN t.email_sync THEN 'E' ELSE '' END, '?'), ', ' ORDER BY f.id), '') AS held
  FROM contact_email h JOIN email_field f ON f.id = h.field_id JOIN email_address e ON e.id = h.address_id
  LEFT JOIN toggles t ON t.account_id = a.id AND t.address_id = e.id WHERE h.contact_id = c.id) h ON true
WHERE a.firm_id = $1 ORDER BY a.code_key, c.name, c.id
"""


async def mailed(by: Viewer) -> list[str]:
    """Once for each letter."""
    rows = await store.rows("SELECT to_key FROM letter WHERE firm_id = $1 ORDER BY to_key", by.firm_id)
    return [row["to_key"] for row in rows]
