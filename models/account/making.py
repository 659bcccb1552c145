"""Writes new accounts, any number in one statement. The caller has checked rights, names and codes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from models import journal, text
from models.account.account import AccountKind
from models.ground import clock, store
from models.journal import JournalKind, Subject
from models.viewer import Actor


@dataclass(frozen=True, slots=True)
class MadeAccount:
    """`code` is free; `code` and `name` are clean (`text.one_line`)."""

    id: UUID
    code: str
    name: str
    kind: AccountKind


async def write(by: Actor, accounts: Sequence[MadeAccount]) -> None:
    """Also records each in the journal. Runs inside a transaction that has taken `firm.one_at_a_time`."""
    if not accounts:
        return
    columns = map(list, zip(*map(_columns, accounts), strict=True))
    await store.execute(_WRITE, by.firm_id, clock.now(), *columns)
    for account in accounts:
        subject = (Subject.ACCOUNT, account.id)
        changes = journal.changes_between({}, {"code": account.code, "name": account.name, "kind": account.kind})
        journal.record(JournalKind.ACCOUNT_CREATED, by=by, subject=subject, accounts=[account.id], changes=changes)


def _columns(made: MadeAccount) -> tuple[object, ...]:
    keys = text.code_key(made.code), text.sort_key(made.name)
    return (made.id, made.code, made.name, made.kind, *keys, " ".join(text.words(made.code, made.name)))


_WRITE = """
INSERT INTO account (id, firm_id, code, name, kind, code_key, sort_key, words, created_at, version)
SELECT n.id, $1, n.code, n.name, n.kind, n.code_key, n.sort_key, string_to_array(n.words, ' '), $2, 1
FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
  AS n(id, code, name, kind, code_key, sort_key, words)
"""


async def last_number(firm_id: UUID) -> int:
    """The highest number among the firm's codes of the form V123; 0: there is none."""
    return int(await store.value(_LAST_NUMBER, firm_id) or 0)


# text.sort_key writes a number as its count of digits, then the digits: the last key is the highest number
_LAST_NUMBER = """
SELECT substring(code_key FROM 5) FROM account
WHERE firm_id = $1 AND code_key >= 'v001' AND code_key < 'v029' AND code_key ~ '^v[0-9]+$'
ORDER BY code_key DESC LIMIT 1
"""


def number_in(code: str) -> int:
    """123 of V123, of at most 28 digits; 0: the code has another form."""
    numbered = _NUMBERED.fullmatch(code)
    return int(numbered[1]) if numbered else 0


_NUMBERED = re.compile(r"[vV]([0-9]{1,28})", re.ASCII)
