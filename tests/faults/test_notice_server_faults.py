"""
What clients are told while the mail server puts off, refuses, falls silent or is away: no letter lost, two only where
the outcome was unknown and then the very same bytes, one copy for the firm, and what was answered stays (R14, P2).
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from mail.smtp import SmtpServer
from models.ground import store as database
from models.mailbox import MailSecurity
from tests.faults.telling import FIRM, meanwhile, must_be_as_answered, told_firm, told_of
from tests.support.firm.cast import ANNA, BRUNO
from tests.support.firm.factories import a_member
from tests.support.firm.notices import later
from tests.support.firm.notify_clients import Told
from tests.support.letters.outbox import due_again, sent_all, text_of
from tests.support.processes.switchboard import a_free_port
from tests.support.servers.smtp import DROP, SILENCE, SmtpSink, Taken
from tests.support.waiting import patience

pytestmark = [pytest.mark.usefixtures("own_store"), pytest.mark.faults]
TAKEN = "250 2.0.0 taken"
SOON = 1.0  # seconds after which silence counts


@pytest.mark.parametrize(
    ("answers", "after_data"),
    [({"RCPT": "450 4.2.1 later"}, TAKEN), ({"DATA": "451 4.3.0 busy"}, TAKEN), ({}, "452 4.3.1 full")],
)
async def test_what_the_server_puts_off_is_told_later_and_once(answers: dict[str, str], after_data: str) -> None:
    by, made = await told_firm()
    async with SmtpSink(answers=dict(answers), after_data=after_data) as sink:
        told = await told_of(by, made, "one", "two")
        await sent_all(sink.server)
        await meanwhile(by, made)
        told |= await told_of(by, made, "three")
        sink.answers, sink.after_data, refused = {}, TAKEN, list(sink.letters)
        sink.letters.clear()
        await due_again()
        await sent_all(sink.server)
        assert await told_of(by, made, *told) == told
        await must_be_as_answered(by, sink, told)
    assert all("/invitation" in text_of(taken.raw) for taken in refused)
    assert not any("/invitation" in text_of(taken.raw) for taken in sink.letters), "composed anew, as things stand"


@pytest.mark.parametrize(
    ("answers", "after_data", "next_outcome"),
    [
        ({f"RCPT {ANNA}": "550 5.1.1 No such user"}, TAKEN, "ADDRESS_SUPPRESSED"),
        ({}, "554 5.7.1 Looks like spam", "QUEUED"),
    ],
)
async def test_what_the_server_refuses_ends_one_letter_and_the_firm_hears_of_it(
    answers: dict[str, str], after_data: str, next_outcome: str
) -> None:
    by, made = await told_firm()
    member = await a_member(by)
    async with SmtpSink(answers=answers, after_data=after_data) as sink:
        told = await told_of(by, made, "one", "two")
        await sent_all(sink.server)
        sink.after_data = TAKEN
        sink.letters.clear()
        await due_again()
        await sent_all(sink.server)
        assert await told_of(by, made, *told) == told
        assert dict(_outcomes(await told_of(by, made, "three")))[ANNA] == next_outcome
    states = await database.rows("SELECT state, copy_of FROM letter WHERE settled_at IS NOT NULL ORDER BY id")
    if next_outcome == "QUEUED":
        assert [row["state"] for row in states] == ["REFUSED", "SENT", "SENT"]
        assert [taken.to for taken in sink.letters] == [(ANNA,), (FIRM,)]
    else:
        assert [row["state"] for row in states] == ["REFUSED", "CANCELLED"]
        assert sink.letters == []
    entries = "SELECT member_id FROM notification WHERE kind = 'LETTER_BOUNCED'"
    assert [row["member_id"] for row in await database.rows(entries)] == [member.member_id]


def _outcomes(told: dict[str, Told]) -> Iterator[tuple[str | None, str]]:
    return ((address, outcome) for answer in told.values() for address, _, outcome in answer)


@pytest.mark.parametrize("way", [DROP, SILENCE])
@pytest.mark.parametrize("twice", [False, True])
async def test_no_answer_after_the_final_dot_leads_to_one_more_copy_of_the_very_same_bytes(
    way: str, twice: bool
) -> None:
    by, made = await told_firm()

    async def answer(taken: Taken) -> None:
        """The firm's copies are taken at once."""
        sink.after_data = way if taken.to == (ANNA,) and (twice or len(to_anna()) == 1) else TAKEN

    def to_anna() -> list[Taken]:
        return [taken for taken in sink.letters if taken.to == (ANNA,)]

    async with SmtpSink(answered=answer) as sink, patience():
        told = await told_of(by, made, "one")
        for count in (1, 2):
            while len(to_anna()) < count:  # SOON is too soon for a machine that is busy: then it is as if it were away
                await due_again()
                await sent_all(sink.server, timeout=SOON)
            await meanwhile(by, made)
        for _ in range(2):
            await due_again()
            await sent_all(sink.server)
    first, second = to_anna()
    assert first == second
    assert "/invitation" in text_of(first.raw)
    rows = await database.rows("SELECT to_address, state FROM letter WHERE settled_at IS NOT NULL ORDER BY id")
    assert [tuple(row) for row in rows] == [(ANNA, "UNCERTAIN" if twice else "SENT"), (FIRM, "SENT")]
    assert [taken.to for taken in sink.letters].count((FIRM,)) == 1
    assert await told_of(by, made, "one") == told


async def test_while_the_server_is_away_for_an_hour_all_waits_and_then_each_is_told_once() -> None:
    """Every five minutes an event. Halfway one is switched on, and one has activated."""
    by, made = await told_firm()
    told: dict[str, Told] = {}
    away = SmtpServer("127.0.0.1", a_free_port(), MailSecurity.NONE)
    for minute in range(0, 60, 5):
        told |= await told_of(by, made, f"at {minute:02}")
        done = await sent_all(away)
        assert (done.handled, "takes no connections" in str(done.barred)) == (0, True)
        if minute == 30:
            await meanwhile(by, made)
        await later(timedelta(minutes=5))
    async with SmtpSink() as sink:
        await sent_all(sink.server)
        assert await told_of(by, made, *told) == told
        await must_be_as_answered(by, sink, told)
    assert Counter(_outcomes(told))[BRUNO, "QUEUED"] == 5
    assert not any("/invitation" in text_of(taken.raw) for taken in sink.letters)
    assert await database.value("SELECT count(*) FROM notification") == 0
