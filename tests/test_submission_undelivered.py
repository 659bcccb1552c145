"""Whoever wrote an e-mail hears in Inbox+ that it did not leave, or whom it did not reach, and why (R17, R38, R45)."""

from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from models import mailbox
from models.ground import store
from models.mailbox.lease import Leased
from models.submission import settling
from models.submission.due import may_leave
from models.viewer import System, Viewer
from tests.support.emails.submissions import due_of, state_of, written
from tests.support.emails.synced_mailbox import NOBODY, connected
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import a_member, an_account

pytestmark = pytest.mark.usefixtures("store")
NO = "The mail server refused the letter: 550 5.1.1 nobody here"
by = owner_of_a_new_firm


@pytest.fixture
async def colleague(by: Viewer) -> Viewer:
    """Who wrote nothing."""
    return await a_member(by)


@pytest.fixture
async def box(by: Viewer, colleague: Viewer) -> UUID:
    return await connected(System(by.firm_id), NOBODY)


async def entries() -> list[tuple[UUID, UUID, str, int]]:
    """Whose, about what, its text and how many."""
    rows = await store.rows(
        "SELECT member_id, subject_id, text, count FROM notification WHERE kind = 'LETTER_BOUNCED' ORDER BY text, id"
    )
    return [tuple(row) for row in rows]


async def failing_for_a_day() -> None:
    await store.execute("UPDATE submission SET failing_since = now() - make_interval(hours => 25)")


async def test_a_refusal_is_told_once_to_the_writer_alone(by: Viewer, box: UUID, leased: Leased) -> None:
    email_id = await written(by, box)
    due = await due_of(leased)
    assert await may_leave(leased, due)
    assert await settling.refused(due, NO, begun=True)
    assert not await settling.refused(due, NO, begun=True)
    assert await entries() == [(by.member_id, email_id, f"The e-mail “The offer” was not sent. {NO}", 1)]


async def test_it_is_found_by_the_accounts_of_the_e_mail(by: Viewer, box: UUID, leased: Leased) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    email_id = await written(by, box)
    await store.execute(
        "INSERT INTO email_account (id, firm_id, email_id, account_id, sorted_at) VALUES ($1, $2, $3, $4, now())",
        *(uuid7(), by.firm_id, email_id, account.id),
    )
    assert await settling.refused(await due_of(leased), NO)
    assert await store.value("SELECT account_ids FROM notification") == [account.id]


async def test_where_the_writer_is_gone_everybody_else_hears_of_it(
    by: Viewer, colleague: Viewer, box: UUID, leased: Leased
) -> None:
    await written(by, box)
    await store.execute("UPDATE team_member SET state = 'REMOVED' WHERE id = $1", by.member_id)
    assert await settling.refused(await due_of(leased), NO)
    assert [entry[0] for entry in await entries()] == [colleague.member_id]


async def test_given_up_after_a_day_it_is_told_and_before_that_it_is_not(by: Viewer, box: UUID, leased: Leased) -> None:
    email_id = await written(by, box)
    due = await due_of(leased)
    assert await settling.put_off(due, "The server is full.")
    assert await entries() == []
    await failing_for_a_day()
    assert await settling.put_off(due, "The server is full.")
    text = "The e-mail “The offer” was not sent. Given up after 24 hours. The server is full."
    assert await entries() == [(by.member_id, email_id, text, 1)]


async def test_what_a_shut_door_held_up_for_a_day_is_told_of_each(by: Viewer, box: UUID, leased: Leased) -> None:
    ids = [await written(by, box, subject=subject) for subject in ("One", "Two")]
    await failing_for_a_day()
    await written(by, box, subject="Later")
    await settling.barred(leased, "The mail server does not answer.")
    said = "was not sent. Given up after 24 hours. The mail server does not answer."
    texts = [f"The e-mail “{subject}” {said}" for subject in ("One", "Two")]
    assert await entries() == [(by.member_id, each, text, 1) for each, text in zip(ids, texts, strict=True)]


async def test_what_was_stopped_for_all_were_suppressed_meanwhile_is_told(
    by: Viewer, box: UUID, leased: Leased
) -> None:
    email_id = await written(by, box)
    assert await settling.stopped(await due_of(leased), "Nothing is sent to there.")
    text = "The e-mail “The offer” was not sent. Nothing is sent to there."
    assert (await state_of(email_id), await entries()) == ("CANCELLED", [(by.member_id, email_id, text, 1)])


async def test_what_waited_in_a_mailbox_that_a_colleague_disconnects_is_told_to_its_writer(
    by: Viewer, colleague: Viewer, box: UUID
) -> None:
    email_id = await written(colleague, box)
    await mailbox.disconnect(by, box)
    text = "The e-mail “The offer” was not sent. Its mailbox was disconnected before it could be sent."
    assert await entries() == [(colleague.member_id, email_id, text, 1)]


async def test_whom_the_server_did_not_take_is_told_and_a_whole_success_is_not(
    by: Viewer, box: UUID, leased: Leased
) -> None:
    partly = await written(by, box, subject="Partly")
    await written(by, box, subject="Wholly")
    for why in ("It did not reach bea@client.test.", None):
        due = await due_of(leased)
        assert await may_leave(leased, due)
        assert await settling.sent(due, why)
    text = "The e-mail “Partly” was sent, but not to everybody. It did not reach bea@client.test."
    assert await entries() == [(by.member_id, partly, text, 1)]


async def test_of_what_may_have_arrived_nobody_is_told_that_it_was_not_sent(
    by: Viewer, box: UUID, leased: Leased
) -> None:
    email_id = await written(by, box)
    due = await due_of(leased)
    assert await may_leave(leased, due)
    assert await settling.unknown(due)
    await store.execute("UPDATE submission SET due_at = now()")
    assert await settling.refused(await due_of(leased), NO)
    assert (await state_of(email_id), await entries()) == ("UNCERTAIN", [])
