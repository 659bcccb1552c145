"""A colleague writes to a client: it is stored and queued at once, or refused and nothing is left (R45)."""

from typing import Any

import pytest
from uuid_utils.compat import uuid7

from models import email, journal, notification, submission, suppression
from models.email import EmailDirection, EmailFilter
from models.errors import ErrorCode
from models.ground import store
from models.ground.page import Window
from models.journal import JournalFilter, JournalKind
from models.notification import InboxFilter
from models.participant import Participant, Role
from models.submission import AttachmentRef, LetterState
from models.viewer import TeamRole, Viewer
from tests.support.emails.correspondence import (
    Office,
    a_box,
    an_email,
    an_upload,
    arrived,
    refused,
    sent,
    stored,
    way_of,
)
from tests.support.firm.cast import ANNA, BRUNO, STUDIO
from tests.support.firm.factories import a_member, an_account, an_address, counting, switched

pytestmark = pytest.mark.usefixtures("store")


async def test_what_is_sent_is_stored_and_shown_at_once_as_queued(office: Office) -> None:
    email_id = await sent(office, to=(f"Anna <{ANNA}>",), cc=("carla@else.test",))
    (view,) = (await email.page(office.by, EmailFilter(), Window())).rows
    assert (view.id, view.letter_state, view.mailbox_id) == (email_id, LetterState.QUEUED, office.box)
    assert (view.direction, view.subject, view.snippet) == (EmailDirection.OUTGOING, "The offer", "Here it is.")
    assert view.sent_at == view.received_at
    assert (await email.bodies(office.by, [email_id]))[email_id].text == "Here it is."
    assert (await email.participants_of(office.by, [email_id]))[email_id] == [
        Participant(Role.FROM, "Chiara", STUDIO),
        Participant(Role.TO, "Anna", ANNA),
        Participant(Role.CC, None, "carla@else.test"),
    ]


async def test_it_waits_to_leave_its_mailbox_under_the_writers_name(office: Office) -> None:
    email_id = await sent(office, to=(f"Anna <{ANNA}>", ANNA.upper()), cc=("carla@else.test", ANNA))
    way = await way_of(email_id)
    assert (way["state"], way["mailbox_id"], way["member_id"]) == ("QUEUED", office.box, office.by.member_id)
    assert (way["from_name"], way["from_address"]) == ("Chiara", STUDIO)
    assert way["recipients"] == [ANNA, "carla@else.test"]
    assert (way["message_id"], way["in_reply_to"], way["refs"]) == (f"{email_id}@firm.test", None, [])


async def test_a_colleague_without_rights_writes_from_the_mailbox_of_another(office: Office) -> None:
    employee = await a_member(office.firm, role=TeamRole.EMPLOYEE)
    theirs = await a_box(office.by, "chiara@firm.test", owner_id=office.by.member_id)
    done = await submission.send(employee, an_email(theirs), key="once")
    assert (await way_of(done.ids[0]))["from_address"] == "chiara@firm.test"
    (entry,) = await entries(office.by)
    assert (entry.kind, entry.member_id, entry.by) == ("EMAIL_SENT", employee.member_id, "SESSION")
    assert entry.position == done.cursor


async def entries(by: Viewer) -> list[Any]:
    page = await journal.page(by, JournalFilter(), Window(size=100))
    return [entry for entry in page.rows if entry.kind in {JournalKind.EMAIL_SENT, JournalKind.EMAIL_STORED}]


async def test_the_journal_says_who_wrote_of_what_from_where_and_not_a_word_more(office: Office) -> None:
    email_id = await sent(office, subject="S" * 300, text="A secret of Anna's.")
    (entry,) = await entries(office.by)
    assert (entry.subject_id, entry.account_ids) == (email_id, (office.account.id,))
    told = {change.field: (change.before, change.after) for change in entry.changes}
    assert told == {"subject": (None, "S" * 200), "mailbox": (None, STUDIO)}


async def test_it_is_linked_to_the_accounts_that_ask_for_it_and_stored_where_none_does(
    office: Office,
) -> None:
    other = await an_account(office.firm, address=BRUNO, email_sync=True)
    silent = await an_account(office.firm, address="carla@client.test")
    email_id = await sent(office, to=(ANNA, BRUNO, "carla@client.test"))
    assert set((await email.accounts_of(office.by, [email_id]))[email_id]) == {office.account.id, other.id}
    alone = await sent(office, to=("carla@client.test",))
    assert await email.accounts_of(office.by, [alone]) == {}
    assert await email.count(office.by, EmailFilter()) == 2
    await switched(office.firm, silent.id, silent.address, email_sync=True)
    assert (await email.accounts_of(office.by, [alone]))[alone] == [silent.id]


async def test_it_goes_out_whatever_the_switches_say(office: Office) -> None:
    for on in (True, False):
        await switched(office.firm, office.account.id, office.account.address, email_sync=on, notify=on, login=on)
        assert (await way_of(await sent(office)))["state"] == "QUEUED"


async def test_it_enters_no_inbox_and_search_finds_it(office: Office) -> None:
    before = await notification.unread_count(office.by)
    email_id = await sent(office, subject="Quarterly offer", text="About the greenhouse.", to=(f"Anna Verdi <{ANNA}>",))
    assert await notification.unread_count(office.by) == before
    for words in ("quarterly", "greenh", "verdi", "anna client", "chiara"):
        found = await email.page(office.by, EmailFilter(search=words), Window())
        assert [view.id for view in found.rows] == [email_id], words


async def test_two_new_e_mails_are_two_threads(office: Office) -> None:
    first, second = await stored(await sent(office)), await stored(await sent(office))
    assert first["thread_id"] != second["thread_id"]


async def test_a_long_text_is_kept_as_it_is(office: Office) -> None:
    text = "Ciao perché no\n" * 30_000
    assert (await stored(await sent(office, text=text)))["text"] == text.strip()


async def test_all_that_is_at_fault_is_told_at_once(office: Office) -> None:
    for address in ("out@client.test", "gone@client.test"):
        async with store.transaction():
            await suppression.suppress(office.firm.firm_id, await an_address(office.firm, address), "No such mailbox.")
    wrong = an_email(
        uuid7(),
        to=("Out <OUT@client.test>", "nonsense", ANNA),
        cc=("gone@client.test", "@"),
        subject=" ",
        text="\0",
        attachments=(an_upload(uuid7()),),
    )
    assert sorted(await refused(submission.send(office.by, wrong, key="1"))) == sorted(
        [
            (ErrorCode.ADDRESS_INVALID, ("to", "1")),
            (ErrorCode.ADDRESS_INVALID, ("cc", "1")),
            (ErrorCode.ADDRESS_SUPPRESSED, ("to", "0")),
            (ErrorCode.ADDRESS_SUPPRESSED, ("cc", "0")),
            (ErrorCode.INVALID, ("subject",)),
            (ErrorCode.INVALID, ("text",)),
            (ErrorCode.NOT_FOUND, ("mailboxId",)),
            (ErrorCode.NOT_FOUND, ("attachments", "0", "uploadId")),
        ]
    )


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"subject": ""}, ("subject",)),
        ({"subject": "a\r\nBcc: carla@else.test"}, ("subject",)),
        ({"subject": "x" * 1_001}, ("subject",)),
        ({"text": "x" * 500_001}, ("text",)),
        ({"text": "\x1b[2J"}, ("text",)),
        ({"to": ()}, ("to",)),
        ({"to": tuple(f"{n}@client.test" for n in range(101))}, ("to",)),
        ({"attachments": tuple(AttachmentRef(upload_id=uuid7()) for _ in range(101))}, ("attachments",)),
    ],
)
async def test_what_no_e_mail_may_be_is_refused(office: Office, said: Any, path: tuple[str, ...]) -> None:
    asking = submission.send(office.by, an_email(office.box, **said), key="1")
    assert await refused(asking) == [(ErrorCode.INVALID, path)]


async def test_lists_tell_how_each_stands_in_one_statement(office: Office) -> None:
    await arrived(office)
    for _ in range(3):
        await sent(office)
    async with counting() as statements:
        page = await email.page(office.by, EmailFilter(), Window())
    assert len(statements) == 1
    assert [view.letter_state for view in page.rows] == [LetterState.QUEUED] * 3 + [None]
    inbox = await notification.page(office.by, InboxFilter(), Window())
    assert len(inbox.rows) == 1
