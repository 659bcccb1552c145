"""What the mail server does not take, now or ever, and what it never answers (P2)."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from mail.outbox import AT_ONCE, Outbox, Pass, new_owner, one_pass
from mail.smtp import SmtpServer
from models import journal
from models.ground import store
from models.mailbox import MailSecurity
from models.viewer import System
from tests.support.emails.synced_mailbox import eventually
from tests.support.firm.factories import a_member, an_account, an_address
from tests.support.letters.outbox import (
    a_route,
    an_invitation,
    due_again,
    invitation_letter,
    row_of,
    sent_all,
    state_of,
    written,
)
from tests.support.processes.switchboard import a_free_port
from tests.support.servers.smtp import DROP, SILENCE, SmtpSink
from tests.support.waiting import NEVER

SOON = 1.0  # seconds after which silence counts; for all that does answer it must be plenty
pytestmark = pytest.mark.usefixtures("store")


@pytest.mark.parametrize("answers", [{"RCPT": "450 4.2.1 try later"}, {"DATA": "451 4.3.0 busy"}])
async def test_a_temporary_refusal_waits_ever_longer_and_then_it_leaves(by: System, answers: dict[str, str]) -> None:
    letter_id = await written(by)
    async with SmtpSink(answers=answers) as sink:
        for attempt in range(1, 4):
            await sent_all(sink.server)
            row = await row_of(letter_id)
            assert (row["state"], row["attempts"], row["handed_over"]) == ("QUEUED", attempt, 0)
            assert row["error"].startswith("The mail server does not take the letter now: 45")
            assert 0.7 < await _wait_in_minutes(letter_id) / 2 ** (attempt - 1) < 1.3
            assert (await sent_all(sink.server)).handled == 0  # not due yet
            await due_again()
        sink.answers = {}
        await sent_all(sink.server)
    assert await state_of(letter_id) == "SENT"
    assert len(sink.letters) == 1


async def _wait_in_minutes(letter_id: UUID) -> float:
    wait = await store.value("SELECT due_at - now() FROM letter WHERE id = $1", letter_id)
    return float(wait.total_seconds() / 60)


async def test_after_three_days_it_is_given_up_and_the_firm_hears_of_it(by: System) -> None:
    member = await a_member(by)
    letter_id = await written(by, asked_by=member)
    async with SmtpSink(after_data="452 4.3.1 full") as sink:
        await sent_all(sink.server)
        await due_again()
        await store.execute("UPDATE letter SET failing_since = now() - interval '73 h'")
        await sent_all(sink.server)
    row = await row_of(letter_id)
    assert (row["state"], row["sealed"]) == ("REFUSED", None)
    assert row["error"].startswith("Given up after 3 days. The mail server does not take")
    assert await _bounces(by) == [(member.member_id, 1)]
    assert await store.value("SELECT count(*) FROM email_address WHERE suppressed_at IS NOT NULL") == 0


async def _bounces(by: System) -> list[tuple[UUID, int]]:
    rows = await store.rows(
        "SELECT member_id, count FROM notification WHERE firm_id = $1 AND kind = 'LETTER_BOUNCED' ORDER BY member_id",
        by.firm_id,
    )
    return [(row["member_id"], row["count"]) for row in rows]


@pytest.mark.parametrize(
    ("answers", "after_data", "suppressed"),
    [
        ({"RCPT": "550 5.1.1 No such user here, see https://help.test/x"}, "", True),
        ({"RCPT": "550-5.1.1 No such\r\n550 5.1.1 user"}, "", True),
        ({"RCPT": "550 5.7.1 Recipient address rejected: Access denied"}, "", False),
        ({"RCPT": "550 Mailbox unavailable"}, "", False),
        ({}, "554 5.7.1 Looks like spam", False),
    ],
)
async def test_a_letter_refused_for_good_stops_and_is_reported(
    by: System, answers: dict[str, str], after_data: str, suppressed: bool
) -> None:
    asker, _other = await a_member(by), await a_member(by)
    made = await an_account(by, address="anna@client.test", login=True)
    invitation = await an_invitation(by, made.address, made.id)
    letter_id = await invitation_letter(by, "anna@client.test", invitation, asked_by=asker)
    async with SmtpSink(answers=answers, after_data=after_data) as sink:
        await sent_all(sink.server)
        await due_again()
        await sent_all(sink.server)
    assert len(sink.letters) == bool(after_data)
    row = await row_of(letter_id)
    assert (row["state"], row["sealed"]) == ("REFUSED", None)
    assert row["error"].startswith("The mail server refused the letter: 55")
    assert "https" not in row["error"]
    await invitation.refresh_from_db()
    assert invitation.bounced_at is not None
    assert invitation.sent_at is None
    assert await _bounces(by) == [(asker.member_id, 1)]
    address = await store.row("SELECT * FROM email_address WHERE id = $1", made.address)
    assert address is not None
    assert (address["suppressed_at"] is not None) == suppressed
    assert address["suppressed_reason"] == (row["error"] if suppressed else None)
    told = [
        entry for batch in await journal.since(by.firm_id, 0) for entry in batch.of(journal.FeedKind.INVITATION_MOVED)
    ]
    assert [entry.account_ids for entry in told] == [(made.id,)]


async def test_nobody_to_tell_alone_all_are_told(by: System) -> None:
    members = sorted([(await a_member(by)).member_id for _ in range(2)])
    await written(by, address_id=await an_address(by, "anna@client.test"))
    async with SmtpSink(answers={"RCPT": "550 5.1.1 no"}) as sink:
        await sent_all(sink.server)
    assert [member for member, _ in await _bounces(by)] == members


async def test_nothing_is_sent_to_a_suppressed_address(by: System) -> None:
    address_id = await an_address(by, "anna@client.test")
    letter_id = await written(by, address_id=address_id)
    await store.execute("UPDATE email_address SET suppressed_at = now(), suppressed_reason = 'gone'")
    async with SmtpSink() as sink:
        await sent_all(sink.server)
    assert sink.commands == []
    assert await state_of(letter_id) == "CANCELLED"


@pytest.mark.parametrize("way", [DROP, SILENCE, "this is no answer"])
async def test_no_answer_after_the_letter_leads_to_one_more_copy_of_the_same_bytes(by: System, way: str) -> None:
    letter_id = await written(by)
    async with SmtpSink(after_data=way) as sink:
        await sent_all(sink.server, timeout=SOON)
        row = await row_of(letter_id)
        assert (row["state"], row["settled_at"], row["handed_over"]) == ("UNCERTAIN", None, 1)
        assert 8 < await _wait_in_minutes(letter_id) < 12
        await due_again()
        await sent_all(sink.server, timeout=SOON)
        await due_again()
        assert (await sent_all(sink.server, timeout=SOON)).handled == 0
    assert len(sink.letters) == 2
    assert sink.letters[0] == sink.letters[1]
    row = await row_of(letter_id)
    assert (row["state"], row["sealed"]) == ("UNCERTAIN", None)
    assert row["settled_at"] is not None


async def test_a_second_copy_that_is_answered_settles_the_letter(by: System) -> None:
    letter_id = await written(by)
    async with SmtpSink(after_data=DROP) as sink:
        await sent_all(sink.server)
        sink.after_data = "250 taken"
        await due_again()
        await sent_all(sink.server)
    assert await state_of(letter_id) == "SENT"


async def test_a_second_copy_that_never_gets_through_stays_uncertain(by: System) -> None:
    letter_id = await written(by)
    async with SmtpSink(after_data=DROP) as sink:
        await sent_all(sink.server)
        sink.after_data = "451 later"
        for _ in range(2):
            await due_again()
            await sent_all(sink.server)
            await store.execute("UPDATE letter SET failing_since = now() - interval '73 h'")
    row = await row_of(letter_id)
    assert (row["state"], row["handed_over"]) == ("UNCERTAIN", 1)
    assert row["settled_at"] is not None


@pytest.mark.parametrize(
    ("sink", "words"),
    [
        (SmtpSink(greeting="SSH-2.0-OpenSSH_9.2"), "is not a mail server"),
        (SmtpSink(greeting="554 5.7.1 not you"), "turned us away: 554 5.7.1 not you"),
        (SmtpSink(greeting="421 busy"), "turned us away: 421 busy"),
        (SmtpSink(greeting=DROP), "cannot be reached"),
        (SmtpSink(greeting=SILENCE), "does not answer"),
        (SmtpSink(answers={"MAIL": "550 5.7.1 not your address"}), "takes nothing from our address"),
        (SmtpSink(answers={"MAIL": DROP}), "connection to the mail server was lost"),
        (SmtpSink(answers={"RCPT": SILENCE}), "connection to the mail server was lost"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_while_no_letter_can_leave_all_wait_untouched(by: System, sink: SmtpSink, words: str) -> None:
    letter_ids = [await written(by) for _ in range(2)]
    async with sink:
        done = await sent_all(sink.server, timeout=SOON)
    assert done.handled == 0
    assert words in str(done.barred)
    for letter_id in letter_ids:
        row = await row_of(letter_id)
        assert (row["state"], row["handed_over"], row["locked_by"]) == ("QUEUED", 0, None)
        assert words in row["error"]
    async with SmtpSink() as working:
        assert (await sent_all(working.server)).handled == 2  # at once


async def test_no_more_lines_are_opened_than_the_provider_takes(by: System) -> None:
    for n in range(AT_ONCE * 3):
        await written(by, f"{n}@client.test")
    async with SmtpSink() as sink:
        route = replace(a_route(sink.server), connections=2)
        assert await one_pass(route, owner=new_owner()) == Pass(AT_ONCE * 3)
    assert sink.lines <= 2


async def test_a_server_that_takes_fewer_lines_is_no_barred_one(by: System) -> None:
    for n in range(AT_ONCE * 3):
        await written(by, f"{n}@client.test")
    async with SmtpSink(most_lines=1) as sink:
        outbox = Outbox(a_route(sink.server), look=0.05, waits=(NEVER, NEVER))
        running = asyncio.create_task(outbox.run())
        await eventually(lambda: letters_left(sink, AT_ONCE * 3))
        await written(by, "late@client.test")
        await eventually(lambda: letters_left(sink, AT_ONCE * 3 + 1))
        await outbox.stop()
        await running


async def letters_left(sink: SmtpSink, count: int) -> bool:
    return len(sink.letters) == count


async def test_three_days_without_a_server_are_the_end_too(by: System) -> None:
    await a_member(by)
    letter_id = await written(by)
    nowhere = SmtpServer("127.0.0.1", a_free_port(), MailSecurity.NONE)
    await sent_all(nowhere)
    await store.execute("UPDATE letter SET failing_since = now() - interval '73 h'")
    await sent_all(nowhere)
    assert await state_of(letter_id) == "REFUSED"
    assert len(await _bounces(by)) == 1
