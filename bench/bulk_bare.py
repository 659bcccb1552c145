"""The measure of a bulk update: bare SQL that sets the switches and writes the letters, some hundred a transaction."""

from collections.abc import Sequence
from time import perf_counter

from models.access import Spot
from models.ground import store
from models.viewer import Actor

AT_ONCE = 500


async def by_hand(by: Actor, spots: Sequence[Spot]) -> float:
    """Seconds. Afterwards all is as it was before."""
    begun = perf_counter()
    for n in range(0, len(spots), AT_ONCE):
        accounts, addresses = zip(*spots[n : n + AT_ONCE], strict=True)
        async with store.transaction(by.firm_id):
            await store.execute(_SWITCH, by.firm_id, list(accounts), list(addresses))
            await store.execute(_WRITE, by.firm_id, list(accounts), list(addresses))
    took = perf_counter() - begun
    await store.execute("DELETE FROM letter WHERE firm_id = $1", by.firm_id)
    await store.execute("UPDATE toggles SET login = false, notify = false WHERE firm_id = $1", by.firm_id)
    await store.execute("VACUUM ANALYZE letter, toggles")
    return took


_SPOTS = "unnest($2::uuid[], $3::uuid[]) AS n(account_id, address_id)"
_SWITCH = f"""
UPDATE toggles t SET login = true, notify = true, version = version + 1 FROM {_SPOTS}
WHERE t.firm_id = $1 AND t.account_id = n.account_id AND t.address_id = n.address_id
"""
_FACTS = """jsonb_build_object('accountNames', jsonb_build_array(a.name), 'accountIds', jsonb_build_array(a.id),
  'inviterName', 'Chiara', 'message', 'Welcome', 'expiresAt', now() + interval '30 days', 'firmName', 'Studio Bellandi',
  'senderName', 'Studio Bellandi', 'replyTo', NULL, 'timeZone', 'UTC')"""
_WRITE = f"""
INSERT INTO letter (id, firm_id, kind, urgency, language, to_address, to_key, address_id, facts, message_id, state,
                    created_at, due_at, attempts)
SELECT gen_random_uuid(), $1, 'INVITATION', 2, 'en', e.address, e.key, e.id, {_FACTS},
       gen_random_uuid() || '@firm.test', 'QUEUED', now(), now(), 0
FROM {_SPOTS} JOIN account a ON a.firm_id = $1 AND a.id = n.account_id
JOIN email_address e ON e.firm_id = $1 AND e.id = n.address_id
"""
