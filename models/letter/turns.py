"""Which firms have letters to be sent: kept beside the letters, so that a claim looks at no other firm."""

from models.ground import store


async def close_settled() -> None:
    """Firms whose letters are all settled have no turn any more. Whoever writes at this moment opens it anew."""
    if not await store.value(f"SELECT EXISTS ({_SETTLED})"):
        return
    async with store.transaction():
        locked = await store.rows(f"{_SETTLED} ORDER BY t.firm_id FOR UPDATE SKIP LOCKED")
        # looked at anew under the lock: a letter may have come before it was ours
        query = f"DELETE FROM letter_turn t WHERE t.firm_id = ANY($1::uuid[]) AND NOT EXISTS ({_WAITING})"
        await store.execute(query, [firm_id for (firm_id,) in locked])


async def open_missed() -> None:
    """Those that no turn was written for, as by a worker of an earlier release."""
    await store.execute(_OPEN_MISSED)


_WAITING = "SELECT 1 FROM letter l WHERE l.firm_id = t.firm_id AND l.settled_at IS NULL"
_SETTLED = f"SELECT t.firm_id FROM letter_turn t WHERE NOT EXISTS ({_WAITING})"
_OPEN_MISSED = """
INSERT INTO letter_turn (firm_id, served_at)
SELECT f.id, now() FROM firm f WHERE NOT EXISTS (SELECT 1 FROM letter_turn t WHERE t.firm_id = f.id)
  AND EXISTS (SELECT 1 FROM letter l WHERE l.firm_id = f.id AND l.settled_at IS NULL)
ON CONFLICT (firm_id) DO NOTHING
"""
