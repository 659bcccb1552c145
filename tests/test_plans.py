"""
What one caller looks for costs nobody else: each list reads as few blocks as a plan made for its values alone.

Blocks are counted, not time; statistics are ours, and nobody makes them anew meanwhile.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from models import account, contact, email, journal, letter, notification
from models.account import AccountFilter, AccountKind, NewAccount
from models.account.listing import AccountOrder
from models.contact.listing import ContactFilter, ContactOrder
from models.email import EmailFilter, history
from models.ground import store
from models.ground.page import Window
from models.journal.trail import JournalFilter
from models.mailbox import backlog
from models.notification import InboxFilter
from models.text import sort_key
from models.viewer import Viewer
from tests.support.firm.factories import a_firm, a_member, an_account
from tests.support.firm.many_addresses import a_ledger, nobody_analyses, people
from tests.support.letters.outbox import written

PLANS_KEPT = 8  # more often than PostgreSQL tries plans for the values before it keeps one for all
FEW = 400  # blocks; a tenth of what the smallest of the tables has
FOUND_AT_ONCE = (
    "e-mails by account_id",
    "e-mails by address_id",
    "how many e-mails by search",
    "how many e-mails by account_id",
    "how many e-mails by address_id",
    "journal",
    "how many entries",
    "hashes",
)
WINDOW = Window(size=25)
FILL = [
    """INSERT INTO email (id, firm_id, fingerprint, thread_id, direction, subject, from_address, sent_at, received_at,
         sorted_at, snippet, text, blocked_images, automatic, raw_file, parser_version, words, stored_at)
       SELECT gen_random_uuid(), $1, decode(md5(n::text), 'hex'), gen_random_uuid(), 'INCOMING', 'About ' || n,
         'someone@client.test', now() - n * interval '1 minute', now(),
         now() - n * interval '1 minute', '', repeat('text ', 40), 0, false, '', 1,
         ARRAY['about', 'w' || n] || CASE WHEN n % 2 = 0 THEN ARRAY['common'] ELSE '{}' END
           || CASE WHEN n > 19990 THEN ARRAY['rare'] ELSE '{}' END, now()
       FROM generate_series(1, 20000) n""",
    """INSERT INTO email_participant (id, firm_id, email_id, role, place, address, key)
       SELECT gen_random_uuid(), $1, id, 'FROM', 1, key, key FROM (
         SELECT id, CASE WHEN 'rare' = ANY(words) THEN 'rare@client.test'
           WHEN 'common' = ANY(words) THEN 'common@client.test'
           ELSE 'k' || (row_number() OVER () % 500) || '@client.test' END AS key FROM email) m""",
    """INSERT INTO email_address (id, firm_id, address, key, hash)
       SELECT gen_random_uuid(), $1, key, key, sha256(key::bytea) FROM (
         SELECT DISTINCT key FROM email_participant UNION SELECT 'n' || n || '@client.test'
         FROM generate_series(1, 20000) n) k ON CONFLICT DO NOTHING""",
    """INSERT INTO journal_entry (id, firm_id, position, batch, kind, occurred_at, account_ids, touched, changes)
       SELECT gen_random_uuid(), $1, 1000 + n, 1000 + n, 'ACCOUNT_CHANGED', now(), '{}', '{}', '[]'
       FROM generate_series(1, 20000) n""",
    """INSERT INTO contact (id, firm_id, name, sort_key, words, created_at, version)
       SELECT gen_random_uuid(), $1, 'C' || n, 'c' || n, ARRAY['common']
         || CASE WHEN n > 19990 THEN ARRAY['rare'] ELSE '{}' END,
         now(), 1
       FROM generate_series(1, 20000) n""",
]


@pytest.fixture
async def by(own_store: str) -> Viewer:
    return await a_member(await a_firm())


@dataclass(frozen=True)
class Sought:
    """What somebody may look for: a word, an account and an address."""

    word: str
    account_id: UUID
    address_id: UUID


@pytest.fixture
async def sought(by: Viewer) -> tuple[Sought, Sought]:
    """What few of the oldest e-mails have, and what half of them have, in a firm with 20,000."""
    accounts = {word: (await an_account(by, address=f"{word}@client.test")).id for word in ("rare", "common")}
    for statement in FILL:
        await store.execute(statement, by.firm_id)
    await store.execute(
        "UPDATE journal_entry SET account_ids = ARRAY[CASE WHEN position < 1010 THEN $1::uuid ELSE $2 END]"
        " WHERE position > 1000",
        *accounts.values(),
    )
    for word, account_id in accounts.items():
        await store.execute(
            "INSERT INTO email_account (id, firm_id, email_id, account_id, sorted_at)"
            " SELECT gen_random_uuid(), firm_id, id, $1, sorted_at FROM email WHERE $2 = ANY(words)",
            account_id,
            word,
        )
    for table in await store.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        await store.execute(f"ALTER TABLE {table[0]} SET (autovacuum_enabled = false)")
        await store.execute(f"VACUUM ANALYZE {table[0]}")
    by_key = {row["key"]: row["id"] for row in await store.rows("SELECT key, id FROM email_address")}
    rare, common = (Sought(word, accounts[word], by_key[f"{word}@client.test"]) for word in accounts)
    return rare, common


Look = Callable[[], Awaitable[object]]


def _looks(by: Viewer, sought: Sought) -> dict[str, Look]:
    def emails(**given: Any) -> dict[str, Look]:
        wanted = EmailFilter(**given)
        return {
            f"e-mails by {', '.join(given)}": lambda: email.page(by, wanted, WINDOW),
            f"how many e-mails by {', '.join(given)}": lambda: email.count(by, wanted),
        }

    word, on, about = {"search": sought.word}, {"account_id": sought.account_id}, {"address_id": sought.address_id}
    journal_of = JournalFilter(account_id=sought.account_id)
    contacts = ContactFilter(search=sought.word)
    return {
        **emails(**word),
        **emails(**on),
        **emails(**about),
        **emails(**word, **on),
        **emails(**word, **about),
        **emails(**on, **about),
        "journal": lambda: journal.page(by, journal_of, WINDOW),
        "how many entries": lambda: journal.count(by, journal_of),
        "inbox": lambda: notification.page(by, InboxFilter(account_id=sought.account_id), WINDOW),
        "accounts": lambda: account.page(by, AccountFilter(search=sought.word), AccountOrder.NAME_ASC, WINDOW),
        "contacts": lambda: contact.page(by, contacts, ContactOrder.NAME_ASC, WINDOW),
        "hashes": lambda: backlog.switched_on(by.firm_id, [bytes([n] * 32) for n in range(100)]),
    }


async def _blocks(look: Look) -> int:
    """That it reads, of tables and indexes. Within a transaction."""
    before = await store.value(_FETCHED)
    await look()
    return int(await store.value(_FETCHED)) - int(before)


_FETCHED = """SELECT sum(pg_stat_get_xact_blocks_fetched(oid)) FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')"""


async def test_whatever_was_looked_for_before_a_list_reads_no_more_than_with_a_plan_of_its_own(
    own_store: str, by: Viewer, sought: tuple[Sought, Sought]
) -> None:
    rare, common = (_looks(by, one) for one in sought)
    for before, looks in ((rare, common), (common, rare)):
        await store.close()  # plans end with their connections
        await store.open_store(own_store)
        async with store.transaction():  # so all on one connection
            for look in before.values():
                for _ in range(PLANS_KEPT):
                    await look()
            read = {name: await _blocks(look) for name, look in looks.items()}
            await store.execute("SET LOCAL plan_cache_mode = force_custom_plan")
            own = {name: await _blocks(look) for name, look in looks.items()}
        assert {name: (read[name], own[name]) for name in looks if read[name] > own[name] * 1.5 + 10} == {}
    assert {name: read[name] for name in FOUND_AT_ONCE if read[name] > FEW} == {}


@pytest.mark.usefixtures("store")
async def test_the_next_free_code_is_the_highest_number_and_one_more() -> None:
    by = await a_member(await a_firm())
    for code, following in (("V9", "V10"), ("v0041", "V42"), ("V50-3", "V42"), ("W99", "V42"), ("V 77", "V42")):
        await account.create(by, NewAccount("Vetreria", AccountKind.COMPANY, code))
        made = (await account.create(by, NewAccount("Vetreria", AccountKind.COMPANY))).ids[0]
        assert await store.value("SELECT code FROM account WHERE id = $1", made) == following
        await store.execute("DELETE FROM account WHERE id = $1", made)


async def test_the_next_free_code_reads_a_few_blocks_among_20_000_accounts(by: Viewer) -> None:
    many = """INSERT INTO account (id, firm_id, code, code_key, name, sort_key, kind, words, created_at, version)
      SELECT gen_random_uuid(), $1, 'V' || n, 'v' || to_char(length(n::text), 'FM000') || n, 'A', 'a', 'COMPANY', '{}',
        now(), 1 FROM generate_series(1, 20000) n"""
    await store.execute(many, by.firm_id)
    await store.execute("VACUUM ANALYZE account")
    assert await store.value("SELECT code_key FROM account WHERE code = 'V123'") == sort_key("V123")
    async with store.transaction():
        new = NewAccount("Vetreria", AccountKind.COMPANY)
        assert await _blocks(lambda: account.create(by, new)) < FEW
    assert await store.value("SELECT 1 FROM account WHERE code = 'V20001'")


async def test_what_a_run_did_is_found_at_once_in_a_journal_that_has_just_grown_by_it(by: Viewer) -> None:
    """By a connection that saw it small; in whole, and about one thing."""
    run_id, things = uuid7(), [uuid7() for _ in range(100)]
    wanted = JournalFilter(bulk_update_id=run_id)
    looks: list[Look] = [
        lambda: journal.page(by, wanted, WINDOW),
        lambda: journal.page(by, replace(wanted, subject_id=things[0]), WINDOW),
    ]
    async with store.transaction():
        for look in looks * PLANS_KEPT:
            await look()
        await store.execute(_GROW, by.firm_id, 1000, things, run_id)
        await store.execute(_GROW, by.firm_id, 90_000, things, uuid7())
        assert [await _blocks(look) < FEW * 2 for look in looks] == [True, True]
    assert await journal.count(by, wanted) == 20_000


_GROW = """
INSERT INTO journal_entry (id, firm_id, position, batch, kind, occurred_at, account_ids, touched, changes, subject_id,
  run_id)
SELECT gen_random_uuid(), $1, $2::int + n, $2 + n, 'TOGGLES_CHANGED', now(), '{}', '{}', '[]',
  CASE WHEN n % 200 = 0 THEN ($3::uuid[])[n / 200] ELSE gen_random_uuid() END, $4
FROM generate_series(1, 20000) n
"""


async def test_a_claim_reads_a_few_blocks_when_most_letters_have_left_since_postgresql_looked(by: Viewer) -> None:
    """All waited then, so that it takes each index of theirs for as good."""
    await store.execute("ALTER TABLE letter SET (autovacuum_enabled = false)")
    await store.execute(MANY_LETTERS, await written(by), LETTERS)
    await store.execute("ANALYZE")
    await store.execute(
        "UPDATE letter SET state = 'SENT', settled_at = now()"
        " WHERE id IN (SELECT id FROM letter ORDER BY created_at LIMIT $1)", LETTERS - 100)  # fmt: skip
    await letter.claim("one", most=1)  # comes upon what has left, once
    async with store.transaction():
        await store.execute("SET LOCAL plan_cache_mode = force_generic_plan")  # the one that is kept
        assert await _blocks(lambda: letter.claim("one", most=1)) < LETTERS / 10


async def test_email_sync_that_goes_on_reads_its_own_mail_of_a_ledger_that_has_just_grown(by: Viewer) -> None:
    """On tables of which PostgreSQL knows nothing yet; the ledger was read from end to end for each chunk."""
    await nobody_analyses()
    spots = await people(by, 2_000)
    await a_ledger(by, 40_000)
    some = [address_id for _, address_id in spots[:50]]
    async with store.transaction():
        await store.execute("UPDATE toggles SET email_sync = true WHERE address_id = ANY($1::uuid[])", some)
        assert await _blocks(lambda: history.wanted(by, some)) < 200 * len(some)
    assert await store.value("SELECT count(*) FROM occurrence WHERE state = 'PENDING'") == 2 * len(some)


LETTERS = 5_000
MANY_LETTERS = """
INSERT INTO letter (id, firm_id, kind, urgency, language, to_address, to_key, facts, message_id, state, created_at,
                    due_at, attempts)
SELECT gen_random_uuid(), firm_id, kind, urgency, language, n || '@client.test', n || '@client.test', facts,
  '<' || gen_random_uuid() || '@x.test>', state, created_at + n * interval '1 ms', due_at, 0
FROM letter, generate_series(2, $2) n
WHERE id = $1
"""
