"""What becomes of an e-mail on its way out, whoever learns it: sent once, twice only where nobody knows (P2)."""

from uuid import UUID

import pytest

from models import journal, mailbox
from models.ground import store
from models.journal import FeedKind
from models.mailbox import MailboxChange, lease
from models.mailbox.lease import Leased, LeaseLost
from models.submission import settling
from models.submission.due import composed, may_leave, next_due, written
from models.viewer import System, Viewer
from tests.support.emails import submissions
from tests.support.emails.submissions import a_file, due_of, state_of, way_of
from tests.support.emails.synced_mailbox import NOBODY, connected
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import an_address

pytestmark = pytest.mark.usefixtures("store")
by = owner_of_a_new_firm


@pytest.fixture
async def box(by: Viewer) -> UUID:
    return await connected(System(by.firm_id), NOBODY)


async def now_due() -> None:
    await store.execute("UPDATE submission SET due_at = now() - make_interval(secs => 1)")


async def moves(by: Viewer) -> int:
    return sum(len(batch.of(FeedKind.EMAIL_MOVED)) for batch in await journal.since(by.firm_id, 0))


async def test_the_one_that_waits_longest_leaves_first_with_all_that_it_says(
    by: Viewer, box: UUID, leased: Leased
) -> None:
    file = await a_file(by)
    first = await submissions.written(by, box, copies=["carl@client.test"], attachments=[file])
    await submissions.written(by, box)
    due = await due_of(leased)
    assert (due.id, due.recipients, due.handed_over) == (first, (MARTA, "carl@client.test"), 0)
    said = await written(due)
    assert (said.subject, said.text, said.attachments) == ("The offer", "Here it is.", (file,))
    assert [(one.role, one.address) for one in said.people] == [("TO", MARTA), ("CC", "carl@client.test")]


async def test_it_is_handed_over_twice_at_the_most(by: Viewer, box: UUID, leased: Leased) -> None:
    email_id = await submissions.written(by, box)
    for state in ("UNCERTAIN", "UNCERTAIN"):
        due = await due_of(leased)
        assert await may_leave(leased, due)
        assert not await may_leave(leased, due), "somebody has it in hand already"
        assert await settling.unknown(due)
        assert await state_of(email_id) == state
        await now_due()
    assert await next_due(leased) is None
    assert (await way_of(email_id))["settled_at"]
    assert await moves(by) == 2


async def test_after_an_unknown_outcome_it_waits_until_it_was_looked_for(by: Viewer, box: UUID, leased: Leased) -> None:
    email_id = await submissions.written(by, box)
    due = await due_of(leased)
    assert await may_leave(leased, due)
    assert await settling.unknown(due)
    assert await next_due(leased) is None
    assert (await way_of(email_id))["copy"] == "WANTED"
    await settling.not_in_sent(by.firm_id, email_id)
    assert (await due_of(leased)).handed_over == 1
    assert (await way_of(email_id))["copy"] is None


async def test_found_in_sent_it_was_sent_and_leaves_no_more(by: Viewer, box: UUID, leased: Leased) -> None:
    email_id = await submissions.written(by, box)
    due = await due_of(leased)
    assert await may_leave(leased, due)
    assert await settling.unknown(due)
    assert await settling.found_in_sent(by.firm_id, email_id)
    assert not await settling.found_in_sent(by.firm_id, email_id)
    row = await way_of(email_id)
    assert (row["state"], row["copy"], row["error"]) == ("SENT", "THERE", None)
    await now_due()
    assert await next_due(leased) is None


async def test_what_was_begun_by_somebody_who_is_gone_has_no_known_outcome(
    by: Viewer, box: UUID, leased: Leased
) -> None:
    begun, waiting = await submissions.written(by, box), await submissions.written(by, box)
    due = await due_of(leased)
    assert due.id == begun
    assert await may_leave(leased, due)
    await lease.release(leased)
    other = await lease.claim_one("another worker", box)
    assert other
    await settling.interrupted(other)
    assert [await state_of(each) for each in (begun, waiting)] == ["UNCERTAIN", "QUEUED"]
    assert (await due_of(other)).id == waiting
    assert await settling.sent(due), "the one who was thought dead had only been slow"
    assert await state_of(begun) == "SENT"


async def test_who_is_told_no_after_another_has_handed_it_over_again_says_nothing(
    by: Viewer, box: UUID, leased: Leased
) -> None:
    email_id = await submissions.written(by, box)
    slow = await due_of(leased)
    assert await may_leave(leased, slow)
    await settling.interrupted(leased)
    await now_due()
    again = await due_of(leased)
    assert await may_leave(leased, again)
    assert not await settling.refused(slow, "550 no", begun=True)
    assert not await settling.put_off(slow, "450 later", begun=True)
    assert not await settling.unknown(slow)
    assert await settling.sent(again)
    assert await state_of(email_id) == "SENT"


@pytest.mark.parametrize("change", ["version", "token"])
async def test_nobody_begins_who_has_lost_the_mailbox(by: Viewer, box: UUID, leased: Leased, change: str) -> None:
    email_id = await submissions.written(by, box)
    due = await due_of(leased)
    if change == "version":
        await mailbox.update(by, box, MailboxChange(secret="another"))
    else:
        await lease.release(leased)
        assert await lease.claim_one("another worker", box)
    assert await next_due(leased) is None
    with pytest.raises(LeaseLost):
        await may_leave(leased, due)
    with pytest.raises(LeaseLost):
        await composed(leased, due, "file", b"fingerprint")
    assert (await way_of(email_id))["handed_over"] == 0


async def test_put_off_it_waits_ever_longer_and_is_given_up_after_a_day(by: Viewer, box: UUID, leased: Leased) -> None:
    email_id = await submissions.written(by, box)
    waits = []
    for _ in range(3):
        due = await due_of(leased)
        assert await may_leave(leased, due)
        assert await settling.put_off(due, "The server is full.", begun=True)
        waits.append(await store.value("SELECT extract(epoch FROM due_at - now())::float8 FROM submission"))
        await now_due()
    assert waits[0] < waits[1] < waits[2]
    await store.execute("UPDATE submission SET failing_since = now() - make_interval(hours => 25)")
    assert await settling.put_off(await due_of(leased), "The server is full.")
    row = await way_of(email_id)
    assert (row["state"], row["error"]) == ("REFUSED", "Given up after 24 hours. The server is full.")
    assert await moves(by) == 1


async def test_put_off_by_a_slow_server_after_it_was_given_up_it_waits_again_and_everybody_hears_of_it(
    by: Viewer, box: UUID, leased: Leased
) -> None:
    email_id = await submissions.written(by, box)
    slow = await due_of(leased)
    assert await may_leave(leased, slow)
    await settling.interrupted(leased)
    assert (await state_of(email_id), await moves(by)) == ("UNCERTAIN", 1)
    assert await settling.put_off(slow, "450 later", begun=True)
    assert (await state_of(email_id), await moves(by)) == ("QUEUED", 2)


async def test_refused_or_stopped_when_a_copy_may_have_arrived_it_stays_uncertain(
    by: Viewer, box: UUID, leased: Leased
) -> None:
    for end in (settling.refused, settling.stopped):
        email_id = await submissions.written(by, box)
        due = await due_of(leased)
        assert await may_leave(leased, due)
        assert await settling.unknown(due)
        await now_due()
        assert await end(await due_of(leased), "No more.")
        row = await way_of(email_id)
        assert (row["state"], row["error"]) == ("UNCERTAIN", "No more.")
        assert row["settled_at"]


async def test_while_the_door_is_left_alone_nothing_is_due(by: Viewer, box: UUID, leased: Leased) -> None:
    waits, old = await submissions.written(by, box), await submissions.written(by, box)
    query = "UPDATE submission SET failing_since = now() - make_interval(hours => 25) WHERE id = $1"
    await store.execute(query, old)
    await settling.barred(leased, "The mail server does not answer.")
    assert [await state_of(each) for each in (waits, old)] == ["QUEUED", "REFUSED"]
    assert (await way_of(waits))["error"] == "The mail server does not answer."
    assert (await way_of(old))["error"] == "Given up after 24 hours. The mail server does not answer."
    assert (await due_of(leased)).id == waits
    await store.execute("UPDATE mailbox SET smtp_retry_at = now() + make_interval(mins => 1)")
    assert await next_due(leased) is None


async def test_who_is_suppressed_by_now_is_known_when_it_leaves(by: Viewer, box: UUID, leased: Leased) -> None:
    await submissions.written(by, box, to=["Gone@Client.test", MARTA])
    await an_address(by, "gone@client.test")
    await store.execute("UPDATE email_address SET suppressed_at = now()")
    assert (await due_of(leased)).suppressed == {"Gone@Client.test"}
