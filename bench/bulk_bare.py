"""
The measures of a bulk update, some hundred addresses a transaction: bare SQL that sets the switches and writes the
letters; and bare SQL that writes every row that a run has to write.
"""

from collections.abc import Sequence
from time import perf_counter
from uuid import UUID, uuid4

from models.access import Spot
from models.ground import store
from models.viewer import Actor, Viewer

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
    await _as_before(by, "letter")
    return took


async def every_row_by_hand(by: Viewer, spots: Sequence[Spot]) -> float:
    """Likewise, with the items of the run, the invitations, what they cover, and two entries of the journal."""
    run_id = await _a_run(by)
    begun = perf_counter()
    for n in range(0, len(spots), AT_ONCE):
        accounts, addresses = zip(*spots[n : n + AT_ONCE], strict=True)
        async with store.transaction(by.firm_id):
            await store.execute(_SWITCH, by.firm_id, list(accounts), list(addresses))
            await store.execute(_EVERYTHING_ELSE, by.firm_id, list(accounts), list(addresses), run_id, n)
    took = perf_counter() - begun
    await store.execute("DELETE FROM journal_entry WHERE firm_id = $1 AND run_id = $2", by.firm_id, run_id)
    await store.execute(_HEAD_BACK, by.firm_id)
    await _as_before(by, "letter", "invitation_account", "invitation", "bulk_update_item", "run")
    await store.execute("VACUUM journal_entry")
    return took


async def _as_before(by: Actor, *written: str) -> None:
    for table in written:
        await store.execute(f"DELETE FROM {table} WHERE firm_id = $1", by.firm_id)
    await store.execute("UPDATE toggles SET login = false, notify = false WHERE firm_id = $1", by.firm_id)
    await store.execute(f"VACUUM ANALYZE toggles, {', '.join(written)}")


async def _a_run(by: Viewer) -> UUID:
    run_id = uuid4()
    await store.execute(_RUN, run_id, by.firm_id, by.member_id)
    return run_id


_RUN = """
INSERT INTO run (id, firm_id, kind, status, asked, started_by, source, started_at, ended_at)
VALUES ($1, $2, 'BULK_UPDATE', 'FINISHED', '{}', $3, 'SESSION', now(), now())
"""
_HEAD_BACK = """
UPDATE journal_head SET head = coalesce((SELECT max(position) FROM journal_entry WHERE firm_id = $1), 0)
WHERE firm_id = $1
"""


_SPOTS = "unnest($2::uuid[], $3::uuid[]) AS n(account_id, address_id)"
_SWITCH = f"""
UPDATE toggles t SET login = true, notify = true, version = version + 1 FROM {_SPOTS}
WHERE t.firm_id = $1 AND t.account_id = n.account_id AND t.address_id = n.address_id
"""
_FACTS = """jsonb_build_object('accountNames', jsonb_build_array(a.name), 'accountIds', jsonb_build_array(a.id),
  'inviterName', 'Chiara', 'message', 'Welcome', 'expiresAt', now() + interval '30 days', 'firmName', 'Studio Bellandi',
  'senderName', 'Studio Bellandi', 'replyTo', NULL, 'timeZone', 'UTC')"""
_LETTER = f"""
INSERT INTO letter (id, firm_id, kind, urgency, language, to_address, to_key, address_id, invitation_id, facts,
                    message_id, state, created_at, due_at, attempts)
SELECT gen_random_uuid(), $1, 'INVITATION', 2, 'en', e.address, e.key, e.id, {{invitation}}, {_FACTS},
       gen_random_uuid() || '@firm.test', 'QUEUED', now(), now(), 0
FROM {{spots}} JOIN account a ON a.firm_id = $1 AND a.id = n.account_id
JOIN email_address e ON e.firm_id = $1 AND e.id = n.address_id
"""
_WRITE = _LETTER.format(invitation="NULL", spots=_SPOTS)
_EVERYTHING_ELSE = f"""
WITH n AS MATERIALIZED (
  SELECT n.*, t.id AS toggles_id, gen_random_uuid() AS invitation_id, $5::int + row_number() OVER () AS nth
  FROM {_SPOTS} JOIN toggles t ON t.firm_id = $1 AND t.account_id = n.account_id AND t.address_id = n.address_id
), item AS (
  INSERT INTO bulk_update_item (firm_id, run_id, place, turn, account_id, address_id, toggles_id, held, login_from,
                                login_to, login_outcome, notify_from, notify_to, notify_outcome)
  SELECT $1, $4, nth, nth, account_id, address_id, toggles_id, true, false, true, 'INVITED', false, true, 'CHANGED'
  FROM n
), invited AS (
  INSERT INTO invitation (id, firm_id, address_id, seed, message, created_at, expires_at, run_id)
  SELECT invitation_id, $1, address_id, sha256(uuid_send(invitation_id)), 'Welcome', now(),
         now() + interval '30 days', $4 FROM n
), covered AS (
  INSERT INTO invitation_account (id, firm_id, invitation_id, account_id)
  SELECT gen_random_uuid(), $1, invitation_id, account_id FROM n
), head AS (
  UPDATE journal_head SET head = head + 2 * (SELECT count(*) FROM n) WHERE firm_id = $1 RETURNING head
), told AS (
  INSERT INTO journal_entry (id, firm_id, position, batch, kind, occurred_at, by, run_id, subject_type, subject_id,
                             account_ids, touched, changes)
  SELECT gen_random_uuid(), $1, head - row_number() OVER () + 1, head, kind, now(), 'SESSION', $4, type, subject,
         ARRAY[account_id], ARRAY[toggles_id], '[["login", "false", "true"], ["notify", "false", "true"]]'
  FROM head, n, LATERAL (VALUES ('TOGGLES_CHANGED', 'Toggles', toggles_id),
                                ('INVITATION_SENT', 'Invitation', invitation_id)) AS k(kind, type, subject)
)
{_LETTER.format(invitation="n.invitation_id", spots="n")}"""
