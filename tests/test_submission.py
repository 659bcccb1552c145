"""What a person writes here is queued, is the firm's own, and stays whatever becomes of its mailbox (R45)."""

from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from mail.own_email import own_email, signed
from mail.own_letter import own_letter
from models import email, journal, links, mailbox, stored_file, submission
from models.email import history
from models.ground import store
from models.journal import FeedKind, Subject
from models.links import FileKind
from models.mailbox import StoredEmails
from models.mailbox.ending import end_mailboxes
from models.submission import NewSubmission
from models.viewer import System, Viewer
from tests.support.emails.submissions import composed, state_of, way_of, written
from tests.support.emails.synced_mailbox import NOBODY, connected
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import a_firm, a_member, an_account
from tests.support.firm.invitations import later

pytestmark = pytest.mark.usefixtures("store")
by = owner_of_a_new_firm


@pytest.fixture
async def box(by: Viewer) -> UUID:
    return await connected(System(by.firm_id), NOBODY)


async def test_it_waits_with_all_that_sending_needs(by: Viewer, box: UUID) -> None:
    email_id = await written(by, box, to=["a@x.test", "b@x.test"], copies=["a@x.test"], in_reply_to="theirs@x.test")
    row = await way_of(email_id)
    assert (row["state"], row["mailbox_id"], row["member_id"]) == ("QUEUED", box, by.member_id)
    assert (row["recipients"], row["in_reply_to"]) == (["a@x.test", "b@x.test"], "theirs@x.test")
    assert (row["handed_over"], row["file"], row["settled_at"], row["copy"]) == (0, None, None, None)


async def test_until_it_is_composed_there_is_no_source_to_show(by: Viewer, box: UUID) -> None:
    email_id = await written(by, box)
    assert await links.file_of(FileKind.SOURCE, by.firm_id, email_id) is None
    await store.execute("UPDATE email SET raw_file = 'abc' WHERE id = $1", email_id)
    assert await links.file_of(FileKind.SOURCE, by.firm_id, email_id) is not None


@pytest.mark.parametrize("stranger", ["email", "mailbox", "member"])
async def test_no_submission_is_of_another_firms_anything(by: Viewer, box: UUID, stranger: str) -> None:
    other = await a_member(await a_firm())
    their_box = await connected(System(other.firm_id), NOBODY)
    mine = NewSubmission(await written(by, box), box, by.member_id, "Anna", "a@x.test", ("b@x.test",), "1@x.test")
    theirs = {
        "email": replace(mine, id=await written(other, their_box)),
        "mailbox": replace(mine, mailbox_id=their_box),
        "member": replace(mine, member_id=other.member_id),
    }
    await store.execute("DELETE FROM submission")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await submission.queue(by, theirs[stranger])
    await submission.queue(by, mine)


async def test_of_a_disconnected_mailbox_what_waits_is_cancelled_and_says_why(by: Viewer, box: UUID) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    waiting, leaving, gone = [await written(by, box) for _ in range(3)]
    await store.execute("UPDATE submission SET handed_over = 1 WHERE id = $1", leaving)
    await store.execute("UPDATE submission SET state = 'SENT', settled_at = now() WHERE id = $1", gone)
    await store.execute(
        "INSERT INTO email_account (id, firm_id, email_id, account_id, sorted_at) VALUES ($1, $2, $3, $4, now())",
        *(uuid7(), by.firm_id, waiting, account.id),
    )
    head = await journal.head(by.firm_id)
    await mailbox.disconnect(by, box)
    assert [await state_of(each) for each in (waiting, leaving, gone)] == ["CANCELLED", "UNCERTAIN", "SENT"]
    assert (await way_of(waiting))["error"] == "Its mailbox was disconnected before it could be sent."
    moved = [entry for batch in await journal.since(by.firm_id, head) for entry in batch.of(FeedKind.EMAIL_MOVED)]
    assert {(entry.subject_type, entry.subject_id, entry.account_ids) for entry in moved} == {
        (Subject.EMAIL, waiting, (account.id,)),
        (Subject.EMAIL, leaving, ()),
    }


async def test_what_was_sent_from_here_stays_also_where_a_mailboxs_messages_are_forgotten(
    by: Viewer, box: UUID
) -> None:
    email_id = await written(by, box)
    await mailbox.disconnect(by, box, StoredEmails.FORGET)
    await end_mailboxes()
    row = await way_of(email_id)
    assert (row["state"], row["mailbox_id"]) == ("CANCELLED", None)
    assert await store.value("SELECT mailbox_id IS NULL FROM email WHERE id = $1", email_id)
    assert await store.value("SELECT count(*) FROM mailbox") == 0


async def test_forgotten_its_way_and_its_file_go_with_it(by: Viewer, box: UUID) -> None:
    email_id = await written(by, box)
    file = await composed(by, email_id)
    async with store.transaction(by.firm_id):
        await history.lock(by.firm_id)
        assert await email.forget(System(by.firm_id), [email_id]) == 1
    assert await store.value("SELECT count(*) FROM submission") == 0
    later(days=2)
    assert await stored_file.sweep() == 1
    assert await store.value("SELECT count(*) FROM unnamed_file WHERE name = $1", file) == 0


def test_its_header_names_it_with_a_signature_that_is_no_letters() -> None:
    email_id = uuid7()
    header = signed(email_id)
    assert own_email(header) == email_id
    assert own_letter(header) is None
    for wrong in (None, "", ".", f"{email_id}.", f"{uuid7()}.{header.partition('.')[2]}", header + "é", "\ud800.x"):
        assert own_email(wrong) is None
