"""All letters of all firms, in numbers: for whoever operates the installation."""

from datetime import timedelta

from models.ground import clock, store
from models.letter.letter import LetterState

DAY = timedelta(days=1)


async def states() -> dict[LetterState, int]:
    """How many wait, and of the last 24 hours, what became of them; 0 included."""
    counted = await store.rows(_STATES, clock.now() - DAY)
    return dict.fromkeys(LetterState, 0) | {LetterState(state): letters for state, letters in counted}


_STATES = """
SELECT state, sum(letters)::int AS letters FROM (
  SELECT state, count(*) AS letters FROM letter WHERE settled_at IS NULL GROUP BY state
  UNION ALL SELECT state, count(*) FROM letter WHERE settled_at > $1 GROUP BY state) AS both_kinds
GROUP BY state
"""


async def oldest() -> timedelta:
    """How long the letter that waits longest has been waiting; none waits: zero."""
    written = await store.value("SELECT min(created_at) FROM letter WHERE settled_at IS NULL")
    return max(clock.now() - written, timedelta()) if written else timedelta()
