"""
What is found and sorted by is made anew, once, after the update that changed how: of names and e-mails with letters
that are found otherwise since, such as `Ł`, or written without blanks, as Chinese is.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from models.email_words import email_words
from models.ground import store
from models.installation import INDEXED_ANEW
from models.participant import Participant, Role
from models.text import FOUND_OTHERWISE, sort_key, words

AT_ONCE = 200  # rows
_FIRST = UUID(int=0)


async def index_anew() -> None:
    """
    In small steps, each by itself: whoever is killed begins again at the next start, and two at once do no harm. What
    somebody changes meanwhile is indexed by that. Where it was done, it is one statement.
    """
    if await store.value("SELECT indexed FROM installation") == INDEXED_ANEW:
        return
    await _names_anew("account", _ACCOUNTS)
    await _names_anew("contact", _CONTACTS)
    await _emails_anew()
    await store.execute("UPDATE installation SET indexed = $1", INDEXED_ANEW)


_ACCOUNTS = """
SELECT id, version, name, ARRAY[code::text, name::text] AS texts FROM account
WHERE id > $1 AND (code ~ $2 OR name ~ $2) ORDER BY id LIMIT $3
"""
_CONTACTS = """
SELECT c.id, c.version, c.name, ARRAY[c.name::text] || coalesce(a.addresses, '{}'::text[]) AS texts
FROM contact c, LATERAL (
  SELECT array_agg(e.address::text) AS addresses FROM contact_email h
  JOIN email_address e ON e.firm_id = h.firm_id AND e.id = h.address_id
  WHERE h.firm_id = c.firm_id AND h.contact_id = c.id) a
WHERE c.id > $1 AND (c.name ~ $2 OR array_to_string(a.addresses, ' ') ~ $2) ORDER BY c.id LIMIT $3
"""


async def _names_anew(table: str, query: str) -> None:
    last = _FIRST
    while rows := await store.rows(query, last, FOUND_OTHERWISE, AT_ONCE):
        last = rows[-1]["id"]
        await store.execute(
            f"""UPDATE {table} t SET sort_key = n.sort_key, words = string_to_array(n.words, ' ')
              FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[]) AS n(id, version, sort_key, words)
              WHERE t.id = n.id AND t.version = n.version""",
            *_columns(
                (row_id, version, sort_key(name), " ".join(words(*texts))) for row_id, version, name, texts in rows
            ),
        )


async def _emails_anew() -> None:
    last = _FIRST
    while rows := await store.rows(_EMAILS, last, FOUND_OTHERWISE, AT_ONCE):
        last = rows[-1]["id"]
        await store.execute(_REWORD, *_columns((email["id"], " ".join(_words_of(email))) for email in rows))


_EMAILS = """
SELECT m.id, m.subject, m.text, p.people FROM email m, LATERAL (
  SELECT array_agg(ARRAY[p.role, coalesce(p.name, ''), p.address] ORDER BY p.place) AS people
  FROM email_participant p WHERE p.firm_id = m.firm_id AND p.email_id = m.id) p
WHERE m.id > $1 AND (m.subject ~ $2 OR m.text ~ $2 OR array_to_string(p.people, ' ') ~ $2) ORDER BY m.id LIMIT $3
"""
_REWORD = """
UPDATE email m SET words = string_to_array(n.words, ' ') FROM unnest($1::uuid[], $2::text[]) AS n(id, words)
WHERE m.id = n.id
"""


def _words_of(email: Any) -> list[str]:
    people = [Participant(Role(role), name, address) for role, name, address in email["people"] or ()]
    return email_words(email["subject"], people, email["text"])


def _columns(rows: Any) -> Sequence[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
