"""Notices that come close together leave as one letter; a single one looks as if that were not so."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from mail.compose import Sender, compose
from models import letter
from models.client_event import ClientEvent
from models.ground import store
from models.ground.settings import Settings
from models.letter import Claimed, LetterLimits
from models.letter.gathering import CUT, GATHERED_FOR, MOST_LISTED, MOST_TEXT
from models.viewer import System
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import counting
from tests.support.firm.notices import a_notice, gathered, later, lines, subjects, tidings, told_account
from tests.support.letters.outbox import BASE, FROM, due_again, row_of, state_of, written
from tests.support.waiting import held

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def _few() -> Iterator[None]:
    letter.limit(Settings.model_validate({"notices_per_recipient": 2}))
    yield
    letter.limit(Settings())


async def claimed(most: int = 20) -> list[Claimed]:
    return await letter.claim("one", most=most)


async def between(first: UUID, second: UUID) -> timedelta:
    found: timedelta = await store.value(
        "SELECT (SELECT due_at FROM letter WHERE id = $2) - (SELECT due_at FROM letter WHERE id = $1)", first, second
    )
    return found


async def test_the_first_leaves_at_once_and_those_of_the_next_minute_together(by: System) -> None:
    made = await told_account(by)
    first = await a_notice(by, made, "one")
    assert [one.id for one in await claimed()] == [first]
    second = await a_notice(by, made, "two")
    assert await a_notice(by, made, "three") == second
    assert await between(first, second) == GATHERED_FOR
    assert await claimed() == []
    await later(GATHERED_FOR)
    assert [one.id for one in await claimed()] == [second]
    assert [await subjects(one) for one in (first, second)] == [["one"], ["two", "three"]]


async def test_what_comes_after_that_minute_leaves_at_once(by: System) -> None:
    made = await told_account(by)
    first = await a_notice(by, made)
    await later(GATHERED_FOR + timedelta(seconds=1))
    second = await a_notice(by, made)
    assert {one.id for one in await claimed()} == {first, second}


async def test_a_second_minute_follows_the_first(by: System) -> None:
    """Whatever comes, an address gets at most one letter of a category and account in a minute."""
    made = await told_account(by)
    await a_notice(by, made)
    second = await a_notice(by, made)
    await later(GATHERED_FOR)
    await claimed()
    third = await a_notice(by, made)
    assert third != second
    assert await between(second, third) == GATHERED_FOR


async def test_another_category_account_or_address_has_letters_of_its_own(by: System) -> None:
    made, other = await told_account(by), await told_account(by, name="Trattoria")
    bea = await told_account(by, "bea@client.test")
    both = [
        tidings(made), tidings(made, event=ClientEvent.INVOICE_SENT), tidings(other), tidings(bea, to="bea@client.test")
    ]  # fmt: skip
    assert len(set(await gathered(by, *both))) == 4
    assert len(await claimed()) == 4


async def test_what_is_told_at_the_same_time_is_one_letter_at_once(by: System) -> None:
    made = await told_account(by)
    first, second = await gathered(by, tidings(made, "one"), tidings(made, "two"))
    assert first == second
    assert [one.id for one in await claimed()] == [first]


async def test_a_notice_keeps_its_account_and_category(by: System) -> None:
    made = await told_account(by)
    row = await row_of(await a_notice(by, made))
    assert (row["kind"], row["account_id"], row["category"], row["urgency"]) == (
        "NOTICE", made.id, "DOCUMENT_UPLOADS", 3
    )  # fmt: skip


async def test_beyond_fifty_a_letter_says_how_many_more_there_are(by: System) -> None:
    made = await told_account(by)
    await a_notice(by, made)
    waiting = await gathered(by, *[tidings(made, str(n)) for n in range(MOST_LISTED - 1)])
    assert await gathered(by, *[tidings(made, f"late {n}") for n in range(3)]) == [waiting[0]] * 3
    assert (await subjects(waiting[0] or UUID(int=0)))[-2:] == [str(MOST_LISTED - 2), "late 0"]
    assert await store.value("SELECT facts->>'more' FROM letter WHERE id = $1", waiting[0]) == "2"


async def test_texts_that_come_together_make_no_letter_that_servers_refuse_for_its_size(by: System) -> None:
    """Fifty of 10,000 emoji made twelve megabytes; many servers take ten, and all fifty notices were lost."""
    made = await told_account(by)
    await a_notice(by, made)
    long = [tidings(made, str(n), text="😀" * 10_000) for n in range(MOST_LISTED)]
    (waiting,) = set(await gathered(by, tidings(made, "short", text="Ciao"), *long[:1]))
    assert set(await gathered(by, *long[1:])) == {waiting}
    assert waiting is not None
    listed = await lines(waiting)
    assert [line["subject"] for line in listed] == ["short", *map(str, range(MOST_LISTED - 1))]
    texts = [line["text"] for line in listed]
    assert texts == ["Ciao", "😀" * 10_000, "😀" * (MOST_TEXT - 10_004) + CUT, *[CUT] * (MOST_LISTED - 3)]
    await due_again()
    (one,) = [one for one in await claimed() if one.id == waiting]
    assert len(compose(one, Sender(FROM, BASE))) < 1_000_000


async def test_a_letter_that_is_being_claimed_takes_in_nothing_more(by: System) -> None:
    made = await told_account(by)
    await a_notice(by, made)
    waiting = await a_notice(by, made)
    await due_again()
    assert waiting in [one.id for one in await claimed()]
    await later(-timedelta(hours=1))  # as one that was put off
    late = await a_notice(by, made, "late")
    assert await subjects(waiting) == ["Bilancio 2025"]
    assert await subjects(late) == ["late"]


async def test_what_joins_and_the_claim_of_its_letter_come_in_one_order_or_the_other(by: System) -> None:
    """Each letter's lines are all there when it leaves, and each line is in one letter."""
    made = await told_account(by)
    taken: list[Claimed] = []
    for n in range(10):
        await a_notice(by, made, f"{n} first")
        waiting = await a_notice(by, made, f"{n} second")
        await store.execute("UPDATE letter SET due_at = now() + interval '2 ms' WHERE id = $1", waiting)
        _, now = await asyncio.gather(a_notice(by, made, f"{n} third"), claimed())
        await later(timedelta(hours=1))
        taken += [*now, *await claimed()]
    listed = [item["subject"] for one in taken for item in one.facts["notices"]]
    assert sorted(listed) == sorted(f"{n} {which}" for n in range(10) for which in ("first", "second", "third"))


async def test_whoever_claims_passes_over_a_letter_that_somebody_is_adding_to(by: System) -> None:
    made = await told_account(by)
    await a_notice(by, made)
    waiting = await a_notice(by, made, "two")
    await claimed()
    async with held(letter.gather(by, [tidings(made, "three")])):
        await _due(waiting)
        assert await claimed() == []
    await _due(waiting)
    (one,) = await claimed()
    assert [item["subject"] for item in one.facts["notices"]] == ["two", "three"]


async def _due(letter_id: UUID) -> None:
    """Where nobody holds it."""
    await store.execute(
        "UPDATE letter SET due_at = now() WHERE id = (SELECT id FROM letter WHERE id = $1 FOR UPDATE SKIP LOCKED)",
        letter_id,
    )


async def test_a_letter_that_was_put_off_delays_nobody_for_longer_than_the_minute(by: System) -> None:
    made = await told_account(by)
    await a_notice(by, made)
    (one,) = await claimed()
    await letter.put_off(one, "busy")
    await store.execute("UPDATE letter SET due_at = now() + interval '4 h'")
    second = await a_notice(by, made)
    assert await a_notice(by, made) == second
    assert await store.value("SELECT due_at - now() < interval '61 s' FROM letter WHERE id = $1", second)


@pytest.mark.usefixtures("_few")
async def test_notices_have_room_of_their_own_and_what_joins_takes_none(by: System) -> None:
    made, bea = await told_account(by), await told_account(by, "bea@client.test")
    for _ in range(5):
        await written(by, ANNA)
    first = await a_notice(by, made)
    second = await a_notice(by, made)
    assert await a_notice(by, made) == second
    other = tidings(made, event=ClientEvent.INVOICE_SENT)
    for_bea = tidings(bea, to="bea@client.test")
    async with counting() as statements:
        assert await letter.would_gather(by, [other, tidings(made), for_bea]) == [False, True, True]
    assert not [one for one in statements if "FOR NO KEY UPDATE" in one or "INSERT" in one]
    answers = await gathered(by, other, tidings(made), for_bea)
    assert answers[:2] == [None, second]
    assert await state_of(answers[2] or first) == "QUEUED"
    assert (await letter.limits_of(by)).notices_per_recipient_per_hour == 2


async def test_thirty_letters_with_notices_an_hour_and_five_others_beside_them(by: System) -> None:
    assert await letter.limits_of(by) == LetterLimits(20_000, 20_000, 5, 30)
    made = await told_account(by)
    for _ in range(30):
        await a_notice(by, made)
        await later(timedelta(hours=1))
    assert await gathered(by, tidings(made)) == [None]
    (room,) = await letter.room(by, [letter.ToBe(letter.LetterKind.INVITATION, ANNA)])
    assert room is None


async def test_fifty_addresses_take_as_many_statements_as_one(by: System) -> None:
    made = [await told_account(by, f"{n}@client.test") for n in range(50)]
    await gathered(by, *[tidings(one, to=f"{n}@client.test") for n, one in enumerate(made) if n % 2])
    await gathered(by, *[tidings(one, to=f"{n}@client.test") for n, one in enumerate(made) if n % 2])
    counts = []
    for some in (made[:2], made):
        async with counting() as statements:
            await gathered(by, *[tidings(one, to=f"{n}@client.test") for n, one in enumerate(some)])
        counts.append(len(statements))
        await store.execute("DELETE FROM letter WHERE to_key = '0@client.test'")
    assert counts[0] == counts[1] <= 7


async def test_nothing_to_tell_asks_nothing(by: System) -> None:
    async with counting() as statements:
        assert await letter.gather(by, []) == []
        assert await letter.would_gather(by, []) == []
    assert statements == []
