"""Letters leave once, whatever the mail server does (P2)."""

import asyncio

import pytest

from mail.outbox import AT_ONCE, Outbox, Pass
from models import journal, letter
from models.ground import store
from models.ground.settings import Settings
from models.letter import LetterKind
from models.viewer import System
from tests.support.emails.synced_mailbox import eventually
from tests.support.firm.factories import a_firm, an_account, an_address, counting
from tests.support.firm.new_keys import lost
from tests.support.letters.outbox import (
    BASE,
    FROM,
    a_reset,
    a_route,
    an_invitation,
    due_again,
    invitation_letter,
    opened,
    row_of,
    sent_all,
    state_of,
    text_of,
    written,
)
from tests.support.servers.smtp import DROP, SmtpSink, Taken, Thinking
from tests.support.waiting import NEVER

pytestmark = pytest.mark.usefixtures("store")


async def test_a_letter_is_delivered_and_settled(by: System) -> None:
    letter_id = await written(by)
    async with SmtpSink() as sink:
        assert (await sent_all(sink.server)).handled == 1
    (taken,) = sink.letters
    assert (taken.sender, taken.to) == (FROM, ("anna@client.test",))
    row = await row_of(letter_id)
    message = opened(taken.raw)
    assert message["Message-ID"] == row["message_id"]
    assert message["Date"].datetime == row["created_at"].replace(microsecond=0)
    assert message["Auto-Submitted"] == "auto-generated"
    assert f"{BASE}/portal" in text_of(taken.raw)
    assert row["state"] == "SENT"
    assert (row["sealed"], row["locked_by"], row["locked_until"]) == (None, None, None)


@pytest.mark.parametrize("to", ['"a..b"@docomo.example', '"a b"@client.test', '"a@b, c"@x.test', '"\\"@\\\\"@x.test'])
async def test_a_recipient_in_quotes_is_named_to_the_server_as_it_is(by: System, to: str) -> None:
    letter_id = await written(by, to)
    async with SmtpSink() as sink:
        assert (await sent_all(sink.server)).handled == 1
    assert await state_of(letter_id) == "SENT"
    assert [taken.to for taken in sink.letters] == [(to,)]


async def test_a_message_id_ends_in_the_domain_of_the_installation(by: System) -> None:
    """RFC 5322, 3.6.4; a bare label looks like spam."""
    letter.name_by(Settings(mail_from="portal@firm.example"))
    named = await row_of(await written(by))
    letter.name_by(Settings())
    assert named["message_id"] == f"<{named['id']}@firm.example>"


async def test_who_waits_for_a_new_password_does_not_wait_for_the_letters_to_others(by: System) -> None:
    others = [await written(by, f"{n}@client.test") for n in range(3)]
    reset = await a_reset(by, await an_address(by, "anna@client.test"))
    until = {"expiresAt": "2026-12-01T10:00:00+00:00", "personName": "Anna"}
    first = await written(by, kind=LetterKind.PASSWORD_RESET, facts=until, reset_id=reset)
    assert [one.id for one in await letter.claim("one", most=9)] == [first, *others]


async def test_several_letters_leave_over_one_line(by: System) -> None:
    for n in range(AT_ONCE - 1):
        await written(by, f"{n}@client.test")
    async with SmtpSink() as sink:
        assert (await sent_all(sink.server)).handled == AT_ONCE - 1
    assert (len(sink.letters), sink.lines) == (AT_ONCE - 1, 1)


async def test_a_server_that_ends_the_line_now_and_then_gets_them_all(by: System) -> None:
    for n in range(5):
        await written(by, f"{n}@client.test")
    async with SmtpSink(most_per_line=2) as sink:
        assert await sent_all(sink.server) == Pass(5)
    assert [each.to for each in sink.letters] == [(f"{n}@client.test",) for n in range(5)]
    assert sink.lines == 3


async def test_a_server_that_takes_few_lines_at_a_time_gets_them_all_by_those(by: System) -> None:
    for n in range(AT_ONCE * 3):
        await written(by, f"{n}@client.test")
    async with SmtpSink(most_lines=2) as sink:
        await sent_all(sink.server)
    assert sorted(each.to[0] for each in sink.letters) == sorted(f"{n}@client.test" for n in range(AT_ONCE * 3))


async def test_bytes_that_left_twice_do_not_leave_again_even_for_who_claimed_them_before(by: System) -> None:
    await written(by)
    (claimed,) = await letter.claim("one", most=1)
    assert [(await letter.hand_over([(claimed, b"its bytes")]))[0] for _ in range(3)] == [True, True, False]


async def test_many_outboxes_at_once_send_each_letter_once(by: System) -> None:
    for n in range(60):
        await written(by, f"{n}@client.test")
    async with SmtpSink() as sink:
        passes = await asyncio.gather(*(sent_all(sink.server) for _ in range(4)))
    assert sum(each.handled for each in passes) == 60
    assert sorted(each.to[0] for each in sink.letters) == sorted(f"{n}@client.test" for n in range(60))


async def test_letters_that_leave_at_the_same_time_are_written_down_together(by: System) -> None:
    """Whatever their firms."""
    other = await a_firm()
    for n in range(10):
        await written(by if n % 2 else other, f"{n}@client.test")
    claimed = [*await letter.claim("me", most=10), *await letter.claim("me", most=10)]
    async with counting() as statements:
        assert await letter.hand_over([(each, b"its bytes") for each in claimed]) == [True] * 10
    assert len(statements) == 1
    async with counting() as statements:
        assert await letter.sent(claimed) == [True] * 10
    assert len(statements) == 1
    assert {(await row_of(each.id))["state"] for each in claimed} == {"SENT"}
    assert await letter.sent(claimed) == [False] * 10


async def test_a_sent_invitation_says_so_to_the_feeds_once(by: System) -> None:
    made = await an_account(by, address="anna@client.test", login=True)
    invitation = await an_invitation(by, made.address, made.id)
    stood = await journal.head(by.firm_id)
    async with SmtpSink() as sink:
        await invitation_letter(by, "anna@client.test", invitation)
        await sent_all(sink.server)
        await invitation_letter(by, "anna@client.test", invitation)
        await sent_all(sink.server)
    await invitation.refresh_from_db()
    assert invitation.sent_at is not None
    (batch,) = await journal.since(by.firm_id, stood)
    (entry,) = batch.entries
    assert (entry.kind, entry.account_ids, len(entry.touched)) == (journal.FeedKind.INVITATION_MOVED, (made.id,), 1)
    assert entry.subject_id == invitation.id


async def test_a_cancelled_letter_never_leaves_not_even_claimed_and_on_its_way(by: System) -> None:
    made = await an_account(by, address="anna@client.test", login=True)
    invitation = await an_invitation(by, made.address, made.id)
    letter_id = await invitation_letter(by, "anna@client.test", invitation)

    async with SmtpSink() as sink:
        (claimed,) = await letter.claim("one", most=5)
        async with store.transaction():
            await letter.cancel(by, invitation_ids=[invitation.id])
        assert await letter.hand_over([(claimed, b"its bytes")]) == [False]
        assert (await sent_all(sink.server)).handled == 0
    assert sink.commands == []
    assert await state_of(letter_id) == "CANCELLED"


async def test_a_letter_cancelled_while_it_was_leaving_is_told_as_sent(by: System) -> None:
    made = await an_account(by, address="anna@client.test", login=True)
    invitation = await an_invitation(by, made.address, made.id)
    letter_id = await invitation_letter(by, "anna@client.test", invitation)

    async def cancel(_: Taken) -> None:
        await store.execute("UPDATE letter SET state = 'CANCELLED', settled_at = now(), sealed = NULL")

    async with SmtpSink(answered=cancel) as sink:
        await sent_all(sink.server)
    assert await state_of(letter_id) == "SENT"


async def test_the_letter_of_a_dead_link_never_leaves(by: System) -> None:
    made = await an_account(by, address="anna@client.test", login=True)
    invitation = await an_invitation(by, made.address, made.id)
    letter_id = await invitation_letter(by, "anna@client.test", invitation)
    await store.execute("UPDATE invitation SET ended_at = now(), end_reason = 'REVOKED'")
    async with SmtpSink() as sink:
        await sent_all(sink.server)
    assert sink.commands == []
    assert await state_of(letter_id) == "CANCELLED"


async def test_a_letter_that_cannot_be_written_holds_nobody_up(by: System) -> None:
    bad = await written(by, facts={"accountNames": None})
    good = await written(by)
    async with SmtpSink() as sink:
        await sent_all(sink.server)
    assert (await state_of(bad), await state_of(good)) == ("QUEUED", "SENT")
    assert "on our side" in (await row_of(bad))["error"]


async def test_the_key_replaced_between_two_copies_does_no_harm(by: System) -> None:
    letter_id = await written(by)
    async with SmtpSink(after_data=DROP) as sink:
        await sent_all(sink.server)
        await lost()
        sink.after_data = "250 taken"
        await due_again()
        await sent_all(sink.server)
    assert await state_of(letter_id) == "SENT"
    assert text_of(sink.letters[0].raw) == text_of(sink.letters[1].raw)


async def test_an_outbox_told_to_stop_answers_what_is_under_way_and_leaves_no_lease(by: System) -> None:
    for n in range(5):
        await written(by, f"{n}@client.test")
    thinking = Thinking()
    async with SmtpSink(answered=thinking) as sink:
        outbox = Outbox(a_route(sink.server))
        running = asyncio.create_task(outbox.run())
        await thinking.reached.wait()
        stopping = asyncio.create_task(outbox.stop())
        thinking.go_on.set()
        await stopping
        await running
    rows = await store.rows("SELECT state, locked_by, attempts FROM letter ORDER BY id")
    assert [row["state"] for row in rows] == ["SENT", *["QUEUED"] * 4]
    assert {row["locked_by"] for row in rows} == {None}
    assert rows[1]["attempts"] == 0


async def test_a_letter_wakes_the_outbox_of_its_process(by: System) -> None:
    async with SmtpSink() as sink:
        outbox = Outbox(a_route(sink.server), look=NEVER)
        running = asyncio.create_task(outbox.run())
        await written(by)
        await eventually(lambda: _is(len(sink.letters) == 1))
        await outbox.stop()
        await running


async def _is(true: bool) -> bool:
    return true


async def test_a_dead_workers_letter_is_taken_over_and_the_dead_writes_nothing(by: System) -> None:
    letter_id = await written(by)
    (held,) = await letter.claim("dead", most=5)
    async with SmtpSink() as sink:
        assert (await sent_all(sink.server)).handled == 0
        await due_again()
        await sent_all(sink.server)
    assert await letter.hand_over([(held, b"its bytes")]) == [False]
    assert not await letter.refused(held, "no")
    assert await letter.sent([held]) == [False]
    assert not await letter.put_off(held, "no")
    assert await state_of(letter_id) == "SENT"
