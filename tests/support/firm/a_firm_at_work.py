"""A firm that has worked for its clients for a while: one statement a table."""

from collections.abc import Sequence
from uuid import UUID

from models.access import Spot
from models.ground import store
from models.viewer import Actor

TABLES = (
    "UPDATE toggles SET email_sync = true WHERE firm_id = $1 AND account_id = ANY($2::uuid[])",
    """INSERT INTO portal_user (id, firm_id, address_id, activated_at)
       SELECT id, $1, id, now() - interval '1 day' FROM unnest($2::uuid[]) AS id""",
    """INSERT INTO session (id, firm_id, token_hash, created_at, expires_at, user_id, account_id)
       SELECT id, $1, sha256(id::text::bytea), now(), now() + interval '1 day', id, id FROM unnest($2::uuid[]) AS id""",
    """INSERT INTO email (id, firm_id, fingerprint, thread_id, direction, subject, from_address, sent_at, received_at,
         sorted_at, snippet, text, blocked_images, automatic, raw_file, parser_version, words, stored_at)
       SELECT id, $1, decode(md5(id::text), 'hex'), id, 'OUTGOING', '', 'a@firm.test', now(), now(), now(), '', '', 0,
         false, '', 1, '{}', now() FROM unnest($2::uuid[]) AS id""",
    """INSERT INTO submission (id, firm_id, member_id, from_name, from_address, recipients, refs, message_id, state,
         created_at, due_at)
       SELECT id, $1, (SELECT id FROM team_member WHERE firm_id = $1 LIMIT 1), '', 'a@b.test', ARRAY['b@b.test'], '{}',
         id::text, 'QUEUED', now(), now() FROM unnest($2::uuid[]) AS id""",
    """INSERT INTO email_participant (id, firm_id, email_id, role, place, address, key)
       SELECT gen_random_uuid(), $1, e.id, p.role, p.place, p.key, p.key FROM email_address e,
         LATERAL (VALUES ('FROM', 1, 'studio@firm.test'), ('TO', 2, e.key)) AS p(role, place, key)
       WHERE e.firm_id = $1 AND e.id = ANY($2)""",
    """INSERT INTO email_account (id, firm_id, email_id, account_id, sorted_at)
       SELECT id, $1, id, id, now() FROM unnest($2::uuid[]) AS id""",
    """INSERT INTO document (id, firm_id, account_id, email_id, name, came_as, content_type, size, file, created_at)
       SELECT id, $1, id, id, '', '', 'application/pdf', 1, id::text, now() FROM unnest($2::uuid[]) AS id""",
    """INSERT INTO notice (id, firm_id, account_id, event, subject, text, raised_at)
       SELECT id, $1, id, 'INVOICE_SENT', '', '', now() FROM unnest($2::uuid[]) AS id""",
    """INSERT INTO letter (id, firm_id, kind, language, to_address, to_key, address_id, facts, message_id, state,
         created_at, due_at, attempts, account_id, category)
       SELECT id, $1, 'NOTICE', 'en', key, key, id, '{}', id::text, 'QUEUED', now(), now(), 0, id,
         'INVOICES_AND_PAYMENTS' FROM email_address WHERE firm_id = $1 AND id = ANY($2)""",
    """INSERT INTO notice_recipient (id, firm_id, notice_id, place, address_id, contact_ids, outcome, letter_id)
       SELECT id, $1, id, 1, id, ARRAY[id], 'QUEUED', id FROM unnest($2::uuid[]) AS id""",
)
IN_ALL = (
    """UPDATE submission SET state = 'SENT', settled_at = now(), error = 'Not to all.'
       WHERE firm_id = $1 AND id = ANY($2::uuid[] || $3::uuid)""",
    """INSERT INTO account_contact (id, firm_id, account_id, contact_id)
       SELECT gen_random_uuid(), $1, a, c FROM (SELECT $3::uuid AS a, id AS c FROM unnest($2::uuid[]) AS id
         UNION SELECT id, $3 FROM unnest($2::uuid[]) AS id) both_ways WHERE a <> c""",
    """INSERT INTO toggles (id, firm_id, account_id, address_id, login, notify, email_sync, version)
       SELECT gen_random_uuid(), $1, account_id, contact_id, true, true, true, 1 FROM account_contact
       WHERE firm_id = $1 AND account_id <> contact_id AND contact_id = ANY($2::uuid[] || $3::uuid)""",
    """INSERT INTO email_account (id, firm_id, email_id, account_id, sorted_at)
       SELECT gen_random_uuid(), $1, id, $3, now() FROM unnest($2::uuid[]) AS id WHERE id <> $3""",
    """INSERT INTO document (id, firm_id, account_id, email_id, name, came_as, content_type, size, file, created_at)
       SELECT gen_random_uuid(), $1, $3, id, '', '', 'application/pdf', 1, id::text, now() FROM unnest($2::uuid[]) AS id
       WHERE id <> $3""",
    """INSERT INTO email_participant (id, firm_id, email_id, role, place, address, key)
       SELECT gen_random_uuid(), $1, email_id, 'CC', 3, e.key, e.key
       FROM unnest($2::uuid[]) AS email_id, email_address e WHERE e.firm_id = $1 AND e.id = $3::uuid""",
)


async def at_work(by: Actor, spots: Sequence[Spot]) -> None:
    """For each of these `people`: activated and signed in, with an e-mail, a document, a notice and its letter."""
    for statement in TABLES:
        await store.execute(statement, by.firm_id, _ids(spots))


async def in_all(by: Actor, spot: Spot, others: Sequence[Spot]) -> None:
    """One of them takes part in all that these others have, and these in its account."""
    for statement in IN_ALL:
        await store.execute(statement, by.firm_id, _ids(others), spot[0])


def _ids(spots: Sequence[Spot]) -> list[UUID]:
    """`people` gives account, contact and address the same."""
    return [account_id for account_id, _ in spots]
