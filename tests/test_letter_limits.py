"""Nobody floods an address: letters of a firm, and to one address, are counted by the hour."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from models import firm, invitation, letter
from models.address import typed
from models.errors import ErrorCode, RateLimited, Refusals
from models.ground import clock, store
from models.ground.settings import Settings
from models.letter import LetterKind, LetterLimits, NewLetter, ToBe
from models.toggles import Invite, TogglesWish
from models.toggles.setting import set_toggles
from models.viewer import System
from tests.support.firm.factories import a_firm, a_member, an_account, an_address, counting, invited
from tests.support.letters.outbox import sent_all, written
from tests.support.refusals import refused as refused_as
from tests.support.servers.smtp import SmtpSink

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
async def by(store: str) -> System:
    clock.set_source(lambda: NOON)
    return await a_firm()


PASSWORD = LetterKind.PASSWORD_RESET


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    letter.limit(Settings.model_validate({"letters_per_hour": 4, "letters_per_recipient": 2}))
    yield
    letter.limit(Settings())


def to_be(*to: str, kind: LetterKind = LetterKind.ACCOUNT_ADDED) -> list[ToBe]:
    return [ToBe(kind, key, (n,)) for n, key in enumerate(to)]


async def refused(by: System, *to: str) -> RateLimited:
    with pytest.raises(RateLimited) as refusal:
        await letter.must_have_room(by, to_be(*to))
    return refusal.value


async def test_one_address_gets_so_many_letters_an_hour(by: System) -> None:
    await written(by, "Anna@client.test")
    clock.set_source(lambda: NOON + timedelta(minutes=20))
    await written(by, "anna@CLIENT.test")
    await letter.must_have_room(by, to_be("bea@client.test"))
    refusal = await refused(by, "bea@client.test", "anna@client.test")
    assert "anna@client.test" in refusal.message
    assert refusal.retry_at == NOON + timedelta(hours=1)
    clock.set_source(lambda: refusal.retry_at)
    await letter.must_have_room(by, to_be("anna@client.test"))


async def test_the_firm_sends_so_many_letters_an_hour(by: System) -> None:
    for n in range(3):
        clock.set_source(lambda n=n: NOON + timedelta(minutes=n))  # type: ignore[misc]
        await written(by, f"{n}@client.test")
    assert await letter.limits_of(by) == LetterLimits(4, 1, 2, 30)
    assert (await refused(by, "a@client.test", "b@client.test")).retry_at == NOON + timedelta(hours=1)
    five = [f"{n}@b.test" for n in range(5)]
    assert (await refused(by, *five)).retry_at == clock.now() + timedelta(hours=1)
    assert (await letter.limits_of(await a_firm())).left_this_hour == 4


async def test_two_at_once_do_not_both_take_the_last_place(by: System) -> None:
    async def one(n: int) -> bool:
        try:
            async with store.transaction():
                await firm.one_at_a_time(by.firm_id)
                await letter.must_have_room(by, to_be("anna@client.test"))
                new = NewLetter(LetterKind.ACCOUNT_ADDED, typed("anna@client.test"), {"accountNames": [str(n)]})
                await letter.write(by, [new])
        except RateLimited:
            return False
        return True

    assert sum(await asyncio.gather(*(one(n) for n in range(8)))) == 2


async def test_copies_for_the_firm_are_not_counted(by: System) -> None:
    await store.execute("UPDATE firm SET copy_to = 'files@firm.test'")
    await written(by, address_id=await an_address(by, "anna@client.test"))
    async with SmtpSink() as sink:
        await sent_all(sink.server)
    assert await store.value("SELECT count(*) FROM letter") == 2
    assert (await letter.limits_of(by)).left_this_hour == 3


async def test_it_is_told_who_has_room_and_who_has_none(by: System) -> None:
    """In order; of one who is named twice the first letter fits."""
    await written(by, "anna@client.test")
    for _ in range(2):
        await written(by, "bea@client.test")
    letter.limit(Settings.model_validate({"letters_per_hour": 5, "letters_per_recipient": 2}))
    to = ["bea@client.test", "anna@client.test", "anna@client.test", "carl@client.test", "dora@client.test"]
    answers = await letter.room(by, to_be(*to))
    assert [answer and (answer.path, answer.message) for answer in answers] == [
        (("0",), "At most 2 such letters an hour go to bea@client.test."),
        None,
        (("2",), "At most 2 such letters an hour go to anna@client.test."),
        None,
        ((), "The firm may send 5 letters an hour, and 2 are left."),
    ]
    assert await letter.room(by, []) == []


async def test_all_who_have_no_room_are_named_at_once(by: System) -> None:
    for name in ("anna", "bea"):
        for _ in range(2):
            await written(by, f"{name}@client.test")
    letter.limit(Settings.model_validate({"letters_per_recipient": 2}))
    with pytest.raises(Refusals) as refusals:
        await letter.must_have_room(by, to_be("anna@client.test", "carl@client.test", "bea@client.test"))
    assert [one.path for one in refusals.value.refusals] == [("0",), ("2",)]


async def test_passwords_and_invitations_have_room_each_by_itself(by: System) -> None:
    for _ in range(2):
        await written(by)
    assert (await refused(by, "anna@client.test")).path == ("0",)
    await letter.must_have_room(by, to_be("anna@client.test", "anna@client.test", kind=PASSWORD))
    for _ in range(2):
        await written(by, kind=PASSWORD)
    (full,) = await letter.room(by, to_be("anna@client.test", kind=PASSWORD))
    assert full is not None


async def test_a_firm_that_has_written_to_many_still_mails_passwords(by: System) -> None:
    for n in range(4):
        await written(by, f"{n}@client.test")
    await refused(by, "anna@client.test")
    await letter.must_have_room(by, to_be("anna@client.test", kind=PASSWORD))


async def test_a_thousand_are_asked_about_in_as_many_statements_as_one(by: System) -> None:
    async with counting() as for_one:
        await letter.room(by, to_be("0@client.test"))
    async with counting() as for_many:
        await letter.room(by, to_be(*(f"{n}@client.test" for n in range(1000))))
    assert len(for_many) == len(for_one) + 1  # when there will be room in the firm


async def test_of_a_hundred_the_one_without_room_is_named_and_nobody_is_invited(by: System) -> None:
    letter.limit(Settings.model_validate({"letters_per_recipient": 2}))
    member = await a_member(by)
    made = [await an_account(member) for _ in range(100)]
    for _ in range(2):
        await invited(member, made[41].id, made[41].address, again=True)
    wishes = [TogglesWish(one.id, one.address, login=True, invite=Invite(again=True)) for one in made]
    with refused_as(ErrorCode.RATE_LIMITED, "toggles", 41, "invite"):
        await set_toggles(member, wishes)
    assert await store.value("SELECT count(*) FROM toggles WHERE login") == 1
    await set_toggles(member, [TogglesWish(one.id, one.address, login=True) for one in made])
    with refused_as(ErrorCode.RATE_LIMITED, "toggles", 41):
        await invitation.send(member, [(one.id, one.address) for one in made])
    assert await store.value("SELECT count(*) FROM letter") == 2
    assert await store.value("SELECT count(*) FROM invitation WHERE ended_at IS NULL") == 1
