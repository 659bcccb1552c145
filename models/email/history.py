"""When Email sync goes on: what is stored is linked at once, what the ledger knows is fetched (R18, R24)."""

from collections.abc import Sequence
from uuid import UUID

from models import journal
from models.ground import clock, store
from models.journal import Change, JournalKind
from models.viewer import Actor, System


async def lock(firm_id: UUID) -> None:
    """
    Of a firm, either switching on or storing mail, one at a time: else a message being matched would miss a switch that
    just goes on. Held until the end of the transaction; take it first.
    """
    await store.row("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"mail {firm_id}")


async def wanted(by: Actor, address_ids: Sequence[UUID]) -> None:
    """
    For addresses whose Email sync went on: links what is stored, and queues the rest to be fetched. Recorded as the
    system's, also within a run. Under `lock`.
    """
    linked = await store.rows(_WANTED, by.firm_id, list(address_ids))
    if linked:
        journal.record(
            JournalKind.EMAIL_STORED,
            by=System(by.firm_id, run_id=by.run_id),
            accounts=[account["account_id"] for account in linked],
            changes=[Change("history", None, str(sum(account["count"] for account in linked)))],
        )


async def wanted_by_account(by: Actor, account_id: UUID) -> None:
    """
    The same for all addresses of an account that was taken back from the archive (R44): their Email sync is on from
    now, so that what came meanwhile is history.
    """
    query = "UPDATE toggles SET email_sync_since = $3 WHERE firm_id = $1 AND account_id = $2 AND email_sync"
    switched = await store.rows(f"{query} RETURNING address_id", by.firm_id, account_id, clock.now())
    if address_ids := [toggles["address_id"] for toggles in switched]:
        await wanted(by, address_ids)


# one by one (LATERAL), so that each is found by its id whatever PostgreSQL takes the tables to be; the ledger is asked
# for the hashes alone, which are of this firm, lest any index that begins with the firm seem as good
_WANTED = f"""{store.AFRESH}
WITH on_now AS MATERIALIZED (
  SELECT t.account_id, e.key, e.hash, e.hash_before FROM unnest($2::uuid[]) AS n(address_id),
  LATERAL (
    SELECT t.account_id FROM toggles t WHERE t.firm_id = {store.FIRM} AND t.address_id = n.address_id AND t.email_sync
    OFFSET 0) t,
  LATERAL (
    SELECT 1 FROM account a
    WHERE a.firm_id = {store.FIRM} AND a.id = t.account_id AND a.archived_at IS NULL LIMIT 1) a, LATERAL (
    SELECT e.key, e.hash, e.hash_before FROM email_address e
    WHERE e.firm_id = {store.FIRM} AND e.id = n.address_id LIMIT 1) e
), linked AS (
  INSERT INTO email_account (id, firm_id, email_id, account_id, sorted_at)
  SELECT gen_random_uuid(), $1, m.id, o.account_id, m.sorted_at
  FROM (SELECT DISTINCT o.account_id, p.email_id FROM on_now o, LATERAL (
          SELECT p.email_id FROM email_participant p WHERE p.firm_id = {store.FIRM} AND p.key = o.key OFFSET 0) p) o,
  LATERAL (SELECT m.id, m.sorted_at FROM email m WHERE m.firm_id = {store.FIRM} AND m.id = o.email_id LIMIT 1) m
  ON CONFLICT (firm_id, account_id, email_id) DO NOTHING RETURNING account_id
), met AS MATERIALIZED (
  SELECT id, firm_id, gone_at FROM occurrence WHERE skip_reason = 'NOT_SWITCHED_ON'
    AND hashes && (SELECT array_agg(h) FROM on_now, unnest(ARRAY[hash, hash_before]) h WHERE h IS NOT NULL)
), queued AS (
  UPDATE occurrence o SET state = 'PENDING', skip_reason = NULL, arrival = false, attempts = 0
  FROM met m WHERE m.firm_id = $1 AND m.gone_at IS NULL AND o.id = m.id AND o.skip_reason = 'NOT_SWITCHED_ON'
  RETURNING o.mailbox_id
), told AS (
  UPDATE mailbox b SET backfill_total = b.backfill_total + q.n
  FROM (SELECT mailbox_id, count(*) AS n FROM queued GROUP BY mailbox_id) q WHERE b.firm_id = $1 AND b.id = q.mailbox_id
)
SELECT account_id, count(*) AS count FROM linked GROUP BY account_id
"""
