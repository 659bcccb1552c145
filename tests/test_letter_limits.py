"""Nobody floods an address: letters of a firm, and to one address, are counted by the hour."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from models import firm, letter
from models.address import typed
from models.errors import RateLimited
from models.ground import clock, store
from models.ground.settings import Settings
from models.letter import LetterKind, LetterLimits, NewLetter
from models.viewer import System
from tests.letters import sent_all, written
from tests.make import a_firm, an_address
from tests.smtp_server import SmtpSink

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
async def by(store: str) -> System:
    clock.set_source(lambda: NOON)
    return await a_firm()


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    letter.limit(Settings.model_validate({"letters_per_hour": 4, "letters_per_recipient": 2}))
    yield
    letter.limit(Settings())


async def refused(by: System, *to: str) -> RateLimited:
    with pytest.raises(RateLimited) as refusal:
        await letter.must_have_room(by, to)
    return refusal.value


async def test_one_address_gets_so_many_letters_an_hour(by: System) -> None:
    await written(by, "Anna@client.test")
    clock.set_source(lambda: NOON + timedelta(minutes=20))
    await written(by, "anna@CLIENT.test")
    await letter.must_have_room(by, ["bea@client.test"])
    refusal = await refused(by, "bea@client.test", "anna@client.test")
    assert "anna@client.test" in refusal.message
    assert refusal.retry_at == NOON + timedelta(hours=1)
    clock.set_source(lambda: refusal.retry_at)
    await letter.must_have_room(by, ["anna@client.test"])


async def test_the_firm_sends_so_many_letters_an_hour(by: System) -> None:
    for n in range(3):
        clock.set_source(lambda n=n: NOON + timedelta(minutes=n))  # type: ignore[misc]
        await written(by, f"{n}@client.test")
    assert await letter.limits_of(by) == LetterLimits(4, 1, 2)
    assert (await refused(by, "a@client.test", "b@client.test")).retry_at == NOON + timedelta(hours=1)
    five = [f"{n}@b.test" for n in range(5)]
    assert (await refused(by, *five)).retry_at == clock.now() + timedelta(hours=1)
    assert (await letter.limits_of(await a_firm())).left_this_hour == 4


async def test_two_at_once_do_not_both_take_the_last_place(by: System) -> None:
    async def one(n: int) -> bool:
        try:
            async with store.transaction():
                await firm.one_at_a_time(by.firm_id)
                await letter.must_have_room(by, ["anna@client.test"])
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
