"""Stored mail in any number, written by PostgreSQL itself, with words as rare and as common as people's are."""

import math
import re
from uuid import UUID

import asyncpg

from bench.ground import Ground
from tests.support.firm.factories import an_account

ACCOUNTS = 500
WORDS_A_LETTER = 80
FRESH = 0.01
"""The share of the mail that came since PostgreSQL last tidied up its index."""
SEVERAL, RARE, LAST = 400, 8_000, 50_000
"""Ranks of words: below the first are those of one or two syllables, from the second on those of four."""
ENDED = "valsecchi"
"""Whom every letter of the first tenth named, and none since."""
_SYLLABLES = re.findall("..", "bacedifogulameniporusatevizokaleminopare")
# the word of rank n comes n times less often than that of rank 1 (Zipf's law)
_EMAILS = """
INSERT INTO email (id, firm_id, fingerprint, thread_id, direction, subject, from_name, from_address, sent_at,
  received_at, sorted_at, snippet, text, blocked_images, automatic, raw_file, parser_version, words, stored_at)
SELECT gen_random_uuid(), $1, sha256(number::text::bytea), gen_random_uuid(), 'INCOMING', 'Letter ' || number, 'Marta',
  'marta@client.test', at, at, at, left(said, 200), said, 0, false, '', 1,
  words || CASE WHEN number <= $4::int / 10 THEN ARRAY[$5::text] ELSE '{}' END, at
FROM (
  SELECT number, now() - ($4::int - number) * interval '10 minutes' AS at, array_agg(DISTINCT word) AS words,
    string_agg(word, ' ') AS said
  FROM (SELECT number, floor(exp(random() * $7::float8))::int AS rank
        FROM generate_series($2::int, $3::int) AS number, generate_series(1, $6::int)) AS drawn
  JOIN vocabulary USING (rank) GROUP BY number) AS letter
"""
_ACCOUNTS = """
INSERT INTO account (id, firm_id, code, code_key, name, sort_key, kind, words, created_at, version)
SELECT gen_random_uuid(), $1, 'S' || n, 's' || n, 'Small ' || n, 'small', 'COMPANY', '{}', now(), 1
FROM generate_series(1, $2::int) AS n RETURNING id
"""
_LINKS = """
INSERT INTO email_account (id, firm_id, email_id, account_id, sorted_at)
SELECT gen_random_uuid(), firm_id, id, account_id, sorted_at
FROM (SELECT *, row_number() OVER (ORDER BY sorted_at) AS number FROM email WHERE firm_id = $1) AS m,
  unnest(ARRAY[$2::uuid, ($3::uuid[])[1 + number % cardinality($3::uuid[])]]) AS account_id
"""


async def store_mail(on: Ground, emails: int, *, accounts: int = ACCOUNTS) -> tuple[UUID, UUID]:
    """Ten minutes apart. All are linked to one account, and each to another of many: that one, and one of those."""
    large = (await an_account(on.firm)).id
    database = await asyncpg.connect(on.url)
    try:
        small = [made["id"] for made in await database.fetch(_ACCOUNTS, on.firm.firm_id, accounts)]
        await _write(database, on.firm.firm_id, emails)
        await database.execute(_LINKS, on.firm.firm_id, large, small)
        await database.execute("ANALYZE")
    finally:
        await database.close()
    return large, small[0]


def word(rank: int) -> str:
    """The n-th most frequent. The more frequent, the shorter; and the beginning of twenty others."""
    syllables = ""
    while rank:
        rank, place = divmod(rank, len(_SYLLABLES))
        syllables += _SYLLABLES[place]
    return syllables


async def _write(database: asyncpg.Connection, firm_id: UUID, emails: int) -> None:
    """Nearly all without the index, which is made faster when they are there."""
    await database.execute("CREATE TEMP TABLE vocabulary (rank int, word text)")
    every = [(rank, word(rank)) for rank in range(1, LAST + 1)]
    await database.copy_records_to_table("vocabulary", records=every)
    words = (emails, ENDED, WORDS_A_LETTER, math.log(LAST))
    index = await database.fetchval("SELECT pg_get_indexdef('email_words'::regclass)")
    await database.execute("DROP INDEX email_words")
    tidied = round(emails * (1 - FRESH))
    await database.execute(_EMAILS, firm_id, 1, tidied, *words)
    await database.execute(index)
    await database.execute(_EMAILS, firm_id, tidied + 1, emails, *words)
