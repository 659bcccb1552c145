"""Each benchmark's scenario answers rightly, at a tiny size; how fast it is, is for `make bench` to say."""

import pytest

from bench import (
    accounts,
    arrival,
    chunks,
    fanout,
    given_up,
    history,
    idle,
    letters,
    notices,
    outage,
    passes,
    promises,
    reconnects,
    samples,
    search,
    strangers,
    sync,
    toggle,
)
from bench.figure import Figure, machine, percentile

pytestmark = pytest.mark.usefixtures("no_store", "empty")


@pytest.fixture
def empty(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)


def _names(figures: list[Figure]) -> set[str]:
    assert all(figure.value >= 0 or "memory" in figure.name for figure in figures)
    return {figure.unit for figure in figures}


async def test_the_accounts_page_equals_the_bare_routes() -> None:
    figures = await accounts.run(accounts=3, rounds=1, seconds=0.2, connections=2)
    assert {"%", "×", "keys"} <= _names(figures)


async def test_a_switch_is_set_and_its_statements_are_counted() -> None:
    figures = await toggle.run(switches=4)
    assert figures[0].value >= 1


async def test_chunks_are_switched_on_and_off_on_tables_that_have_grown() -> None:
    assert _names(await chunks.run(addresses=100, rounds=1)) == {"×", "s"}


async def test_an_event_reaches_all_sockets_once() -> None:
    assert "kB" in _names(await fanout.run(sockets=5, rounds=2))


async def test_idle_sockets_are_opened() -> None:
    assert "kB" in _names(await idle.run(idle=5))


async def test_who_comes_back_misses_nothing() -> None:
    assert _names(await reconnects.run(sockets=5, missed=3)) == {"s"}


async def test_feeds_begin_beside_a_page_that_gives_up_its_own() -> None:
    assert _names(await given_up.run(runs=2)) == {"s"}


async def test_a_letter_arrives_at_a_subscription() -> None:
    assert _names(await arrival.run(letters=2, colleagues=2, past=5)) == {"s", "letters"}


async def test_the_newest_of_a_history_stands_in_the_account() -> None:
    assert _names(await history.run(letters=60, newest=5)) == {"s"}


async def test_what_came_during_an_outage_is_told() -> None:
    assert "/s" in _names(await outage.run(letters=5))


async def test_mailboxes_in_which_nothing_happened_are_looked_at() -> None:
    assert _names(await passes.run(mailboxes=2, folders=3, rounds=1)) == {"s"}


async def test_a_past_is_stored_whole() -> None:
    figures = await sync.run(messages=8, rounds=1)
    assert "MB" in _names(figures)


async def test_real_messages_are_read_and_synced() -> None:
    assert _names(await samples.run(rounds=1, most=10)) == {"s", "ms"}


async def test_stored_mail_is_searched_whole_and_by_account() -> None:
    assert _names(await search.run(emails=200, times=2)) == {"ms"}


async def test_letters_leave_all_of_them() -> None:
    assert "/s" in _names(await letters.run(letters=30, rounds=1))


async def test_notices_leave_all_of_them() -> None:
    assert "%" in _names(await notices.run(notices=30, rounds=1))


async def test_what_is_promised_in_seconds_comes_to_pass() -> None:
    assert _names(await promises.run(people=2, events=2)) == {"s"}


async def test_what_a_stranger_sends_is_answered_without_a_fault_of_ours() -> None:
    assert _names(await strangers.run(times=1, hostile=3)) == {"requests", "ms", "kB"}


def test_a_figure_says_whether_it_meets_its_target() -> None:
    assert Figure("a", 2, "ms", at_most=2).met is True
    assert "MISS" in str(Figure("a", 49, "%", at_least=50))
    assert Figure("a", 1, "ms").met is None
    assert percentile([5, 1, 3, 2, 4], 0.5) == 3
    assert "Python" in machine()
