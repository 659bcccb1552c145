"""A search in a history of any length shows what reading all of it would show, and does not read all of it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from models import email
from models.email import EmailFilter, EmailView
from models.ground import store
from models.ground.page import Page, Window
from models.viewer import Viewer
from tests.support.firm.factories import a_firm, a_member, an_account

EMAILS = 23_000
WORDS: dict[str, Callable[[int], bool]] = {
    "everywhere": lambda number: True,
    "ended": lambda number: number <= 21_000,  # more than are sorted at once, and none among the nearest
    "late": lambda number: number % 40 == 0 and number <= 22_500,
    "seldom": lambda number: number % 5_000 == 7,
    "newest": lambda number: number > 22_990,
    "even": lambda number: number % 2 == 0,
    "odd": lambda number: number % 2 == 1,
}
SEARCHES = ["everywhere", "ended", "late", "seldom", "newest", "even odd", "ended late", "every eve", "nowhere"]
SIZE = 20
BLOCKS_OF_ALL = EMAILS * 2
"""At least, to look at each of them once, along the dates."""
# three at the same time
FILL = """
INSERT INTO email (id, firm_id, fingerprint, thread_id, direction, subject, from_address, sent_at, received_at,
  sorted_at, snippet, text, blocked_images, automatic, raw_file, parser_version, words, stored_at)
SELECT gen_random_uuid(), $1, sha256(number::text::bytea), gen_random_uuid(), 'INCOMING', number, 'marta@client.test',
  at, at, at, '', '', 0, false, '', 1, string_to_array(words, ' '), at
FROM unnest($2::text[]) WITH ORDINALITY AS n(words, number),
  LATERAL (SELECT now() + (number / 3) * interval '1 minute' AS at) AS stood
"""
LINKS = """
INSERT INTO email_account (id, firm_id, email_id, account_id, sorted_at)
SELECT gen_random_uuid(), firm_id, id, $2, sorted_at FROM email WHERE firm_id = $1 AND subject::int % $3 = 0
"""


@dataclass(frozen=True, slots=True)
class History:
    """
    `lists`: the firm's by None, an account's by its id; all their e-mails, by number, newest first. `small`: of a firm
    that has the first ten of them.
    """

    by: Viewer
    small: Viewer
    lists: dict[UUID | None, list[int]]

    def having(self, account_id: UUID | None, search: str) -> list[int]:
        return [number for number in self.lists[account_id] if _has(number, search)]

    async def page(self, account_id: UUID | None, search: str, window: Window) -> Page[EmailView]:
        return await email.page(self.by, EmailFilter(search=search, account_id=account_id), window)


def _has(number: int, search: str) -> bool:
    words = [word for word, has in WORDS.items() if has(number)]
    return all(any(word.startswith(typed) for word in words) for typed in search.split())


def _numbers(page: Page[EmailView]) -> list[int]:
    return [int(view.subject) for view in page.rows]


@pytest.fixture
async def history(own_store: str) -> History:
    """Beside a firm of ten e-mails with the same words. Accounts have all, every third, and every hundredth."""
    small, by = await a_member(await a_firm()), await a_member(await a_firm())
    words = [" ".join(word for word, has in WORDS.items() if has(number)) for number in range(1, EMAILS + 1)]
    await store.execute(FILL, small.firm_id, words[:10])
    await store.execute(FILL, by.firm_id, words)
    accounts = {(await an_account(by)).id: every for every in (1, 3, 100)}
    for account_id, every in accounts.items():
        await store.execute(LINKS, by.firm_id, account_id, every)
    await store.execute("ANALYZE")
    query = "SELECT subject FROM email WHERE firm_id = $1 ORDER BY sorted_at DESC, id DESC"
    ordered = [int(row["subject"]) for row in await store.rows(query, by.firm_id)]
    lists: dict[UUID | None, list[int]] = {None: ordered}
    lists |= {key: [number for number in ordered if number % every == 0] for key, every in accounts.items()}
    return History(by, small, lists)


async def test_a_search_shows_what_reading_all_would_show_page_after_page_from_both_ends(history: History) -> None:
    for account_id in history.lists:
        for search in SEARCHES:
            having = history.having(account_id, search)
            pages = [await history.page(account_id, search, Window(SIZE))]
            while pages[-1].has_next and len(pages) < 4:
                pages.append(await history.page(account_id, search, Window(SIZE, after=pages[-1].keys[-1])))
            assert [number for page in pages for number in _numbers(page)] == having[: SIZE * len(pages)], search
            assert pages[-1].has_next is (len(having) > SIZE * len(pages)), search
            last = await history.page(account_id, search, Window(SIZE, from_end=True))
            assert _numbers(last) == having[-SIZE:], search
            if last.has_previous:
                before = Window(SIZE, before=last.keys[0], from_end=True)
                assert _numbers(await history.page(account_id, search, before)) == having[-2 * SIZE : -SIZE], search


async def test_each_firm_finds_its_own_and_counts_them(history: History) -> None:
    for account_id in history.lists:
        for search in ("everywhere", "late", "even odd", "nowhere"):
            count = await email.count(history.by, EmailFilter(search=search, account_id=account_id))
            assert count == len(history.having(account_id, search))
    assert len((await email.page(history.small, EmailFilter(search="ended"), Window(SIZE))).rows) == 10
    assert await email.count(history.small, EmailFilter(search="even")) == 5


async def test_words_that_few_have_or_that_do_not_meet_are_found_without_reading_all(history: History) -> None:
    for account_id in history.lists:
        for search in ("seldom", "nowhere", "even odd"):
            async with store.transaction():
                before = await store.value(_FETCHED)
                await history.page(account_id, search, Window(SIZE))
                assert await store.value(_FETCHED) - before < BLOCKS_OF_ALL / 4, (account_id, search)


_FETCHED = """SELECT sum(pg_stat_get_xact_blocks_fetched(oid))::int FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')"""
