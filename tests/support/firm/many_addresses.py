"""Many addresses at once, as bulk work has them: switched on and invited, switched off, some hundred a transaction."""

from collections.abc import Awaitable, Sequence
from uuid import UUID

from models import firm, mailbox
from models.access import Spot
from models.ground import store
from models.invitation import Asked, invite
from models.mailbox import MailboxChange, MailServer, NewMailbox
from models.toggles import Invite, Switch, lock, switch
from models.viewer import Actor


async def nobody_analyses() -> None:
    """What PostgreSQL takes the tables to be is ours to say from now on."""
    for table in await store.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        await store.execute(f"ALTER TABLE {table[0]} SET (autovacuum_enabled = false)")


async def all_invited(by: Actor, spots: Sequence[Spot]) -> None:
    """Login on and a letter to each, in one transaction."""
    async with store.transaction(by.firm_id):
        await firm.one_at_a_time(by.firm_id)
        locked = await lock(by, spots)
        await switch(by, [(toggles, {Switch.LOGIN: True, Switch.NOTIFY: True}) for toggles in locked.values()])
        await invite(by, [Asked(*spot, Invite()) for spot in spots])


async def switched_off(by: Actor, spots: Sequence[Spot]) -> None:
    """In one transaction."""
    async with store.transaction(by.firm_id):
        await firm.one_at_a_time(by.firm_id)
        locked = await lock(by, spots)
        await switch(by, [(toggles, dict.fromkeys(Switch, False)) for toggles in locked.values()])


async def rows_read(by: Actor, bulk: Awaitable[object]) -> int:
    """By bulk work, in one transaction: those that it looks at, end to end of tables or by their indexes."""
    async with store.transaction(by.firm_id):
        before = await store.value(_ROWS)
        await bulk
        return int(await store.value(_ROWS) - before)


_ROWS = """SELECT sum(pg_stat_get_xact_tuples_returned(oid)) FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')"""


async def people(by: Actor, count: int) -> list[Spot]:
    """Accounts of one address each, whose contact holds it; all switches off."""
    rows = await store.rows(_PEOPLE, by.firm_id, count)
    return [(UUID(str(row["account_id"])), UUID(str(row["address_id"]))) for row in rows]


_PEOPLE = """
WITH n AS MATERIALIZED (
  SELECT id, id || '@client.test' AS address, left(translate(id::text, '-', ''), 30) AS code
  FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, $2::int)) ids
), a AS (
  INSERT INTO account (id, firm_id, code, code_key, name, sort_key, kind, words, created_at, version)
  SELECT id, $1, code, code, address, address, 'COMPANY', '{}', now(), 1 FROM n
), e AS (
  INSERT INTO email_address (id, firm_id, address, key, hash)
  SELECT id, $1, address, address, sha256(address::bytea) FROM n
), c AS (
  INSERT INTO contact (id, firm_id, name, sort_key, words, created_at, version)
  SELECT id, $1, address, address, '{}', now(), 1 FROM n
), l AS (
  INSERT INTO account_contact (id, firm_id, account_id, contact_id) SELECT gen_random_uuid(), $1, id, id FROM n
), h AS (
  INSERT INTO contact_email (id, firm_id, contact_id, field_id, address_id)
  SELECT gen_random_uuid(), $1, id, (SELECT id FROM email_field WHERE firm_id = $1 LIMIT 1), id FROM n
), t AS (
  INSERT INTO toggles (id, firm_id, account_id, address_id, login, notify, email_sync, version)
  SELECT gen_random_uuid(), $1, id, id, false, false, false, 1 FROM n
)
SELECT id AS account_id, id AS address_id FROM n
"""


async def a_ledger(by: Actor, messages: int) -> None:
    """Of a mailbox that nobody reads: all of them skipped; every tenth is with one of the firm's addresses."""
    server = MailServer("mail.firm.test", 993)
    (mailbox_id,) = (await mailbox.connect(by, NewMailbox("studio@firm.test", "secret", server, server))).ids
    await mailbox.update(by, mailbox_id, MailboxChange(paused=True))
    await store.execute(_LEDGER, by.firm_id, messages, mailbox_id)


_LEDGER = """
WITH f AS (
  INSERT INTO mail_folder (id, firm_id, mailbox_id, name, uidvalidity, watermark, on_server)
  VALUES (gen_random_uuid(), $1, $3, 'INBOX', 1, 1, 0) RETURNING id, mailbox_id
), e AS MATERIALIZED (SELECT array_agg(hash) AS hashes FROM email_address WHERE firm_id = $1)
INSERT INTO occurrence (id, firm_id, mailbox_id, folder_id, uidvalidity, uid, size, received_at, hashes, state,
                        skip_reason, arrival, attempts, found_at)
SELECT gen_random_uuid(), $1, f.mailbox_id, f.id, 1, n, 5000, now(), ARRAY[sha256(n::text::bytea), CASE n % 10
         WHEN 0 THEN e.hashes[1 + (n / 10) % cardinality(e.hashes)] ELSE sha256(('x' || n)::bytea) END],
       'SKIPPED', 'NOT_SWITCHED_ON', false, 0, now()
FROM f, e, generate_series(1, $2::int) n
"""
