"""An import begins: from the whole file it is found which rows are of one account, and that stays so (R40)."""

from typing import Any

from models.account.making import number_in
from models.client_import.client_import import ClientImport
from models.client_import.columns import Columns, ImportField
from models.client_import.turns import Placed, Said, placed
from models.client_import.values import client_rows
from models.ground import store
from models.ground.checkpoint import checkpoint
from models.run import Held, acting, began, hold
from models.sheet.sheet import Row, Rows, Sheet

OF_ACCOUNTS = (ImportField.ACCOUNT_CODE, ImportField.ACCOUNT_NAME)


async def begin(held: Held, run: Any, wish: ClientImport) -> bool:
    """Takes no lock: an account made meanwhile is found by the chunk of its rows. Raises RunLost."""
    async with store.transaction(held.firm_id):
        rows = await _said(run, wish)
        accounts = await store.rows("SELECT id, code, name FROM account WHERE firm_id = $1", held.firm_id)
        places = placed(rows, ((account["id"], account["code"], account["name"]) for account in accounts))
        await _place(run, places)
        checkpoint("after an import was planned")
        run = await hold(held)
        last = max((number_in(row.code) for row in rows), default=0)
        tallies = {"last_number": last} if last < 2**63 else {}
        viewer = (await acting(run)).viewer
        await began(viewer, run, accounts=places[-1].turn, total=run["total"], tallies=tallies)
    return True


async def _said(run: Any, wish: ClientImport) -> list[Said]:
    """Number, code and name of each row, and nothing else of it: a file may be large."""
    targets: Columns = {header: target for header, target in wish.targets.items() if target in OF_ACCOUNTS}
    places = [at for at, header in enumerate(wish.headers) if header in targets]
    rows = await store.rows(_ROWS, run["firm_id"], run["id"], places)
    sheet = Sheet(tuple(wish.headers[at] for at in places), Rows(()))
    read = [Row(row["number"], tuple(row["cells"]), row["fault"]) for row in rows]
    return [Said(row.number, row.account_code, row.account_name) for row in client_rows(sheet, targets, read)]


_ROWS = """
SELECT number, fault, ARRAY(SELECT coalesce(cells->>at, '') FROM unnest($3::int[]) WITH ORDINALITY AS p(at, nth)
  ORDER BY nth) AS cells
FROM client_import_row WHERE firm_id = $1 AND run_id = $2 ORDER BY number
"""


async def _place(run: Any, places: list[Placed]) -> None:
    columns = (
        [place.number for place in places],
        [place.turn for place in places],
        [place.account_id for place in places],
        [place.is_ambiguous for place in places],
    )
    await store.execute(store.AFRESH + _PLACE, run["firm_id"], run["id"], *columns)


_PLACE = """
UPDATE client_import_row r SET turn = n.turn, account_id = n.account_id, is_ambiguous = n.is_ambiguous
FROM unnest($3::int[], $4::int[], $5::uuid[], $6::boolean[]) AS n(number, turn, account_id, is_ambiguous), LATERAL (
  SELECT o.id FROM client_import_row o
  WHERE o.firm_id = $1 AND o.run_id = $2 AND o.number = n.number LIMIT 1) o
WHERE r.id = o.id
"""
