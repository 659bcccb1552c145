"""Letters leave firm by firm in turn, and of a firm the most urgent first."""

import asyncio
from dataclasses import replace

import pytest

from mail.outbox import AT_ONCE, Outbox, new_owner, one_pass
from models import letter
from models.ground import store
from models.letter import Claimed, LetterKind, Urgency
from models.viewer import System
from tests.support.emails.synced_mailbox import eventually
from tests.support.firm.factories import a_firm, an_account, an_address, counting
from tests.support.firm.notices import gathered, tidings, told_account
from tests.support.letters.outbox import (
    a_reset,
    a_route,
    an_invitation,
    due_again,
    invitation_letter,
    sent_all,
    state_of,
    written,
)
from tests.support.servers.smtp import DROP, SmtpSink

pytestmark = pytest.mark.usefixtures("store")
FILL = """
INSERT INTO letter (id, firm_id, kind, urgency, language, to_address, to_key, facts, message_id, state, created_at,
                    due_at, attempts)
SELECT gen_random_uuid(), l.firm_id, l.kind, l.urgency, l.language, n || '@client.test', n || '@client.test', l.facts,
  '<' || gen_random_uuid() || '@x.test>', l.state, l.created_at, l.due_at, 0 FROM letter l, generate_series(2, $2) n
WHERE l.firm_id = $1
"""


async def claimed(most: int = AT_ONCE) -> list[Claimed]:
    return await letter.claim("one", most=most)


async def open_turns() -> set[object]:
    return {row["firm_id"] for row in await store.rows("SELECT firm_id FROM letter_turn")}


async def test_with_ten_thousand_waiting_another_firms_letter_leaves_within_one_batch(by: System) -> None:
    await written(by)
    await store.execute(FILL, by.firm_id, 10_000)
    assert {one.firm_id for one in await claimed()} == {by.firm_id}
    other = await a_firm()
    theirs = await written(other)
    batches = [await claimed() for _ in range(3)]
    assert [theirs in [one.id for one in batch] for batch in batches].index(True) <= 1
    assert sorted(map(len, batches)) == [1, AT_ONCE, AT_ONCE]
    assert all(len({one.firm_id for one in batch}) == 1 for batch in batches)


async def test_it_leaves_before_the_second_batch_over_one_line(by: System) -> None:
    """As the mail server sees it."""
    for n in range(AT_ONCE * 3):
        await written(by, f"{n}@client.test")
    await written(await a_firm(), "other@client.test")
    async with SmtpSink() as sink:
        await one_pass(replace(a_route(sink.server), connections=1), owner=new_owner())
    order = [taken.to[0] for taken in sink.letters]
    assert order.index("other@client.test") <= AT_ONCE
    assert len(order) == len(set(order)) == AT_ONCE * 3 + 1


async def test_another_firms_invitation_waits_for_one_batch_of_notices_at_most(by: System) -> None:
    made = [await told_account(by, f"{n}@client.test") for n in range(AT_ONCE * 3)]
    await gathered(by, *[tidings(one, to=f"{n}@client.test") for n, one in enumerate(made)])
    other = await a_firm()
    their = await an_account(other, address="other@client.test", login=True)
    await invitation_letter(other, "other@client.test", await an_invitation(other, their.address, their.id))
    async with SmtpSink() as sink:
        await one_pass(replace(a_route(sink.server), connections=1), owner=new_owner())
    order = [taken.to[0] for taken in sink.letters]
    assert order.index("other@client.test") <= AT_ONCE
    assert len(order) == len(set(order)) == AT_ONCE * 3 + 1


async def test_firms_are_served_one_after_the_other(by: System) -> None:
    firms = [by, *[await a_firm() for _ in range(3)]]
    for firm in firms:
        for n in range(3):
            await written(firm, f"{n}@client.test")
    order = [one.firm_id for _ in range(12) for one in await claimed(1)]
    assert order == [firm.firm_id for firm in firms] * 3
    assert await claimed() == []


async def test_who_claims_at_the_same_time_shares_the_firms(by: System) -> None:
    """Who comes upon what others are just claiming may get fewer, never the same."""
    firms = [by, *[await a_firm() for _ in range(3)]]
    for firm in firms:
        for n in range(40):
            await written(firm, f"{n}@client.test")
    batches = list(await asyncio.gather(*(letter.claim(f"{n}", most=AT_ONCE) for n in range(8))))
    while rest := await claimed():
        batches.append(rest)
    ids = [one.id for batch in batches for one in batch]
    assert len(ids) == len(set(ids)) == 160
    assert all(len({one.firm_id for one in batch}) <= 1 for batch in batches)


async def test_while_a_firm_is_being_served_others_go_on_and_with_none_left_help_it(by: System) -> None:
    """Another worker holds its turn, or the firm writes at this moment."""
    mine = [await written(by, f"{n}@client.test") for n in range(2)]
    theirs = await written(await a_firm())
    taken, go_on = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with store.transaction():
            await store.row("SELECT 1 FROM letter_turn WHERE firm_id = $1 FOR NO KEY UPDATE", by.firm_id)
            taken.set()
            await go_on.wait()

    holding = asyncio.create_task(hold())
    await taken.wait()
    assert [one.id for one in await claimed()] == [theirs]
    assert [one.id for one in await claimed()] == mine
    go_on.set()
    await holding


async def test_within_a_firm_the_most_urgent_leave_first(by: System) -> None:
    reset = await a_reset(by, await an_address(by, "anna@client.test"))
    bulk = [await written(by, f"{n}@client.test") for n in range(2)]
    await store.execute("UPDATE letter SET urgency = $2 WHERE id = $1", bulk[0], Urgency.DIGEST)
    notice = await written(by, "notice@client.test")
    await store.execute("UPDATE letter SET urgency = $2 WHERE id = $1", notice, Urgency.NOTICE)
    password = await written(by, kind=LetterKind.PASSWORD_RESET, facts={"personName": None}, reset_id=reset)
    late = await written(by, "late@client.test")
    assert [one.id for one in await claimed()] == [password, bulk[1], late, notice, bulk[0]]


async def test_a_copy_for_the_firm_lets_every_letter_to_a_person_go_first(by: System) -> None:
    await store.execute("UPDATE firm SET copy_to = 'files@firm.test'")
    await written(by, address_id=await an_address(by, "anna@client.test"))
    await letter.sent(await claimed())
    late = await written(by, "late@client.test")
    first, copy = await claimed()
    assert (first.id, copy.to_address) == (late, "files@firm.test")


async def test_a_claim_is_one_statement_however_many_firms_wait(by: System) -> None:
    await written(by)
    await claimed()
    counts = []
    for firms in (1, 10):
        for _ in range(firms):
            await written(await a_firm())
        async with counting() as statements:
            await claimed()
        counts.append(len(statements))
    assert counts == [1, 1]


async def test_a_turn_ends_with_the_last_letter_and_comes_with_the_next(by: System) -> None:
    await written(by)
    async with SmtpSink(after_data=DROP) as sink:
        await sent_all(sink.server)
        assert await open_turns() == {by.firm_id}, "its outcome is unknown: it leaves once more"
        await due_again()
        sink.after_data = "250 taken"
        await sent_all(sink.server)
        assert await open_turns() == set()
        late = await written(by)
        await sent_all(sink.server)
    assert await state_of(late) == "SENT"


async def test_a_letter_written_while_its_firms_turn_is_closed_is_not_forgotten(by: System) -> None:
    """Many times over, in whatever order the two come to their commits."""
    for _ in range(20):
        await letter.sent(await claimed())
        letter_id, _ = await asyncio.gather(written(by), letter.close_settled())
        assert [one.id for one in await claimed()] == [letter_id]


async def test_a_letter_rolled_back_leaves_nobody_a_turn(by: System) -> None:
    async def fail() -> None:
        async with store.transaction():
            await written(by)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await open_turns() == set()


async def test_a_turn_that_is_missing_is_found(by: System) -> None:
    """Written by a worker of an earlier release, say."""
    letter_id = await written(by)
    await store.execute("DELETE FROM letter_turn")
    async with SmtpSink() as sink:
        outbox = Outbox(a_route(sink.server))
        running = asyncio.create_task(outbox.run())

        async def is_sent() -> bool:
            return await state_of(letter_id) == "SENT"

        await eventually(is_sent)
        await outbox.stop()
        await running
    assert await open_turns() == set()
