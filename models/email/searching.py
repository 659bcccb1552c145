"""
The newest e-mails with some words, in a history of any length.

PostgreSQL cannot know whether words stand in the newest mail, in the oldest or in none; where it guesses wrong it reads
the whole history. So one statement tells it: look through the newest; if these are too few, ask the index; if that
finds more than can be sorted at once, look through the whole list, for then every few e-mails match.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from models.ground import store
from models.ground.page import Order, Window, bounded

NEAREST = 1_000
"""E-mails that are looked through first: it takes a few milliseconds."""
MOST = 20_000
"""E-mails of the firm with these words that are sorted at once: it takes less than 100 milliseconds."""
_FOUND = """m.id = ANY(ARRAY(
WITH near AS MATERIALIZED (
  SELECT id FROM (SELECT m.id, m.words FROM {source} WHERE {listed} {in_order} LIMIT {nearest}) AS m
  WHERE array_to_tsvector(words) @@ {words}::text::tsquery LIMIT {size}
), enough AS MATERIALIZED (
  SELECT (SELECT count(*) FROM near) = {size}
    OR NOT EXISTS (SELECT 1 FROM {rows} WHERE {listed} {in_order} OFFSET {nearest}) AS yes
), few AS MATERIALIZED (
  SELECT id, firm_id, sorted_at FROM email
  WHERE firm_words(firm_id, words) @@ {firm_words}::text::tsquery AND NOT (SELECT yes FROM enough) LIMIT {most} + 1
), too_many AS MATERIALIZED (SELECT count(*) > {most} AS yes FROM few)
SELECT id FROM near WHERE (SELECT yes FROM enough)
UNION ALL (
  SELECT m.id FROM (SELECT * FROM few AS m {by_date}) AS m{linked}
  WHERE m.firm_id = $1 AND NOT (SELECT yes FROM too_many){same_bounds} {by_date} LIMIT {size})
UNION ALL (
  SELECT m.id FROM {source} WHERE {listed} AND array_to_tsvector(m.words) @@ {words}::text::tsquery
    AND (SELECT yes FROM too_many) {in_order} LIMIT {size})
))"""
# one by one, so that the first are enough
_LINKED = ", LATERAL (SELECT 1 FROM email_account l WHERE {listed} AND l.email_id = m.id OFFSET 0) AS l"


@dataclass(frozen=True, slots=True)
class EmailList:
    """`rows`: the table that is sorted. `source`: the same with the e-mails as `m`."""

    rows: str
    source: str
    order: Order


OF_FIRM = EmailList("email m", "email m", Order("NEWEST_FIRST", "m.sorted_at", "timestamptz", descending=True))
OF_ACCOUNT = EmailList(
    "email_account l",
    f"email_account l JOIN email m ON m.firm_id = {store.FIRM} AND m.id = l.email_id",
    Order("NEWEST_FIRST", "l.sorted_at", "timestamptz", descending=True, id_column="l.email_id"),
)


def newest(firm_id: UUID, account_id: UUID | None, beginnings: Sequence[str], window: Window) -> store.Where:
    """A condition on `email m`: those of the window, and one more where there are more."""
    where = store.Where("m.firm_id = ?", firm_id)
    among, listed, linked = OF_FIRM, "m.firm_id = $1", ""
    if account_id:
        among, listed = OF_ACCOUNT, f"l.firm_id = $1 AND l.account_id = {where.value(account_id)}"
        linked = _LINKED.format(listed=listed)
    bounds, in_order = bounded(among.order, window, where.args)
    same_bounds, by_date = bounded(OF_FIRM.order, window, where.args)
    condition = _FOUND.format(
        source=among.source,
        rows=among.rows,
        listed=listed + bounds,
        in_order=in_order,
        linked=linked,
        same_bounds=same_bounds,
        by_date=by_date,
        words=where.value(" & ".join(beginnings)),
        firm_words=where.value(firm_words(firm_id, beginnings)),
        size=window.size + 1,
        nearest=NEAREST,
        most=MOST,
    )
    where.say(condition)
    where.afresh()
    return where


async def count(firm_id: UUID, account_id: UUID | None, beginnings: Sequence[str]) -> int:
    """By the index; but a short list of an account is looked through, however many the firm has."""
    args: list[object] = [firm_id, firm_words(firm_id, beginnings)]
    query = _COUNT
    if account_id:
        query, args = _COUNT_OF_ACCOUNT, [*args, account_id, " & ".join(beginnings)]
    number: int = await store.value(query, *args)
    return number


SHORT = 5_000
_COUNT = f"""{store.AFRESH}SELECT count(*) FROM (
  SELECT firm_id FROM email WHERE firm_words(firm_id, words) @@ $2::text::tsquery OFFSET 0) AS m WHERE m.firm_id = $1"""
_COUNT_OF_ACCOUNT = f"""{store.AFRESH}SELECT number FROM (
WITH short AS MATERIALIZED (
  SELECT NOT EXISTS (SELECT 1 FROM email_account WHERE firm_id = $1 AND account_id = $3 OFFSET {SHORT}) AS yes)
SELECT (
  SELECT count(*) FROM {OF_ACCOUNT.source} WHERE l.firm_id = $1 AND l.account_id = $3
    AND array_to_tsvector(m.words) @@ $4::text::tsquery AND (SELECT yes FROM short)
) + (
  SELECT count(*) FROM (SELECT id FROM email WHERE firm_words(firm_id, words) @@ $2::text::tsquery
    AND NOT (SELECT yes FROM short) OFFSET 0) AS m
  JOIN email_account l ON l.firm_id = $1 AND l.account_id = $3 AND l.email_id = m.id
) AS number) AS counted"""


def firm_words(firm_id: UUID, beginnings: Sequence[str]) -> str:
    """The tsquery for the index over PostgreSQL's function `firm_words`."""
    return " & ".join(beginning.replace("'", f"'{str(firm_id)[-6:]}", 1) for beginning in beginnings)
