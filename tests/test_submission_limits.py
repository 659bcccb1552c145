"""However it is asked for: nothing of another firm, nothing twice, so many in an hour, in a few statements."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from models import email, mailbox, submission
from models.email import EmailFilter
from models.errors import ErrorCode, RateLimited
from models.ground import store
from models.ground.settings import Settings
from models.submission import AttachmentRef, Reply, ReplyRecipients
from tests.support.emails.correspondence import (
    Office,
    a_box,
    a_document,
    a_file,
    an_email,
    an_office,
    an_upload,
    arrived,
    people,
    refused,
    replied,
    sent,
    uploaded,
)
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import counting
from tests.support.firm.invitations import later
from tests.support.firm.one_of_everything import everything

pytestmark = pytest.mark.usefixtures("store")


async def test_what_another_firm_has_is_not_there(office: Office) -> None:
    theirs = await an_office()
    their_email, their_upload = await arrived(theirs, attachments=(a_file("their.pdf"),)), await uploaded(theirs.by)
    (attachment,) = (await email.attachments_of(theirs.by, [their_email]))[their_email]
    document = await a_document(theirs, attachment.id, their_email)
    gone = await a_box(office.by, "gone@firm.test")
    await mailbox.disconnect(office.by, gone)
    for box in (theirs.box, gone, uuid7()):
        no_box = [(ErrorCode.NOT_FOUND, ("mailboxId",))]
        assert await refused(submission.send(office.by, an_email(box), key="1")) == no_box
        mine = await arrived(office)
        assert await refused(submission.reply(office.by, Reply(mine, "Hello", mailbox_id=box), key="1")) == no_box
    for key in (their_email, uuid7()):
        nothing = [(ErrorCode.NOT_FOUND, ("emailId",))]
        assert await refused(submission.reply(office.by, Reply(key, "Hello"), key="1")) == nothing
    refs = (an_upload(their_upload), AttachmentRef(attachment_id=attachment.id), AttachmentRef(document_id=document))
    assert await refused(submission.send(office.by, an_email(office.box, attachments=refs), key="1")) == [
        (ErrorCode.NOT_FOUND, ("attachments", "0", "uploadId")),
        (ErrorCode.NOT_FOUND, ("attachments", "1", "attachmentId")),
        (ErrorCode.NOT_FOUND, ("attachments", "2", "documentId")),
    ]


async def test_the_same_key_is_the_same_e_mail_also_said_at_once(office: Office) -> None:
    theirs = await arrived(office)
    asks = [submission.reply(office.by, Reply(theirs, "Thank you."), key="once") for _ in range(10)]
    done = await asyncio.gather(*asks)
    assert len({each.ids for each in done}) == len({each.cursor for each in done}) == 1
    assert await store.value("SELECT count(*) FROM submission WHERE firm_id = $1", office.firm.firm_id) == 1
    assert await refused(submission.reply(office.by, Reply(theirs, "Other."), key="once")) == [
        (ErrorCode.IDEMPOTENCY_KEY_REUSED, ("idempotencyKey",))
    ]


@pytest.fixture
def few(store: str) -> Iterator[None]:
    submission.limit(Settings(emails_per_hour=3))
    yield
    submission.limit(Settings())


@pytest.mark.usefixtures("few")
async def test_each_mailbox_sends_so_many_in_an_hour_however_many_ask_at_once(office: Office) -> None:
    other = await a_box(office.by, "office@firm.test")
    boxes = [box for _ in range(25) for box in (office.box, other)]
    asks = [submission.send(office.by, an_email(box), key=f"{n}") for n, box in enumerate(boxes)]
    outcomes = await asyncio.gather(*asks, return_exceptions=True)
    full = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert all(isinstance(one, RateLimited) and one.path == ("mailboxId",) for one in full)
    assert len(full) == 44
    rows = await store.rows(_SENT, office.firm.firm_id)
    assert {row["mailbox_id"]: row["count"] for row in rows} == {office.box: 3, other: 3}
    assert await email.count(office.by, EmailFilter()) == 6
    with pytest.raises(RateLimited) as late:
        await sent(office)
    first = next(row["first"] for row in rows if row["mailbox_id"] == office.box)
    assert late.value.retry_at == first + timedelta(hours=1)
    later(hours=1, minutes=1)
    assert await sent(office)


_SENT = """SELECT mailbox_id, count(*), min(created_at) AS first FROM submission WHERE firm_id = $1 GROUP BY 1"""


async def test_it_takes_as_many_statements_to_a_hundred_with_a_hundred_files_as_to_one(office: Office) -> None:
    refs = tuple([an_upload(await uploaded(office.by, str(n).encode())) for n in range(100)])
    others = tuple(f"{n}@client.test" for n in range(99))
    await sent(office)
    async with counting() as for_one:
        await sent(office, attachments=refs[:1])
    async with counting() as for_many:
        await sent(office, to=(ANNA,), cc=others, attachments=refs)
    assert len(for_many) == len(for_one) <= 20
    theirs = await arrived(office, participants=people(cc=others))
    async with counting() as for_one:
        await replied(office, theirs)
    async with counting() as for_all:
        await replied(office, theirs, recipients=ReplyRecipients.ALL)
    assert len(for_all) == len(for_one) <= 20


async def test_what_is_rolled_back_leaves_nothing(office: Office) -> None:
    theirs = await arrived(office)

    async def both_and_then_an_error() -> None:
        async with store.transaction():
            await submission.send(office.by, an_email(office.box), key="1")
            await submission.reply(office.by, Reply(theirs, "Thank you."), key="2")
            raise ZeroDivisionError

    before = await everything()
    with pytest.raises(ZeroDivisionError):
        await both_and_then_an_error()
    assert await everything() == before
