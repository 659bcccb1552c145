"""
How far a run is: it begins, then ends one chunk of whole turns after the other (R27, R40). Whatever a chunk is of, here
is the only writer of it; all but `next_turns` runs inside a transaction that holds the run.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from models.ground import clock, store
from models.run.run import RunKind
from models.run.telling import moved
from models.viewer import Viewer


async def began(by: Viewer, run: Any, *, accounts: int, total: int, tallies: Mapping[str, object]) -> None:
    """What there is to do is fixed from now on: on how many accounts, and how many items or rows."""
    values = clock.now(), accounts, total, _json(tallies)
    await store.execute(_BEGAN, run["firm_id"], run["id"], *values)
    moved(by, RunKind(run["kind"]), run["id"])


_BEGAN = """
UPDATE run SET status = 'RUNNING', planned_at = $3, account_count = $4, total = $5, tallies = $6::text::jsonb,
  failures = 0
WHERE firm_id = $1 AND id = $2
"""


async def next_turns(run: Any, most: int, *, table: str, order: str) -> Sequence[Any]:
    """Of what is not done, the rows of whole turns that reach the number `most`; by turn and then in this order."""
    return await store.rows(_NEXT.format(table=table, order=order), run["firm_id"], run["id"], run["turn"], most)


_NEXT = """
SELECT * FROM {table} WHERE firm_id = $1 AND run_id = $2 AND turn > $3 AND turn <= (
  SELECT max(turn) FROM (
    SELECT turn FROM {table} WHERE firm_id = $1 AND run_id = $2 AND turn > $3 ORDER BY turn LIMIT $4) n)
ORDER BY turn, {order}
"""


async def went_on(by: Viewer, run: Any, *, turn: int, done: int, tallies: Mapping[str, object]) -> bool:
    """The turns up to this one are done, so many items or rows. False: these were the last."""
    await store.execute(_WENT_ON, run["firm_id"], run["id"], turn, done, _json(tallies))
    moved(by, RunKind(run["kind"]), run["id"])
    return bool(run["done"] + done != run["total"])


_WENT_ON = """
UPDATE run SET turn = $3, done = done + $4, tallies = $5::text::jsonb, failures = 0
WHERE firm_id = $1 AND id = $2
"""


async def start_over(run: Any, tallies: Mapping[str, object]) -> None:
    """From its first turn: nothing of it is done."""
    await store.execute(_START_OVER, run["firm_id"], run["id"], _json(tallies))


_START_OVER = "UPDATE run SET turn = 0, done = 0, tallies = $3::text::jsonb WHERE firm_id = $1 AND id = $2"


def _json(tallies: Mapping[str, object]) -> str:
    return orjson.dumps(tallies).decode()
