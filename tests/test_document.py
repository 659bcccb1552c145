"""What clients send is saved to the Documents of their accounts, and what is not says why (R20)."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from uuid import UUID

import pytest

from models import account, document, email, firm_settings, journal, mailbox
from models.document import NotSavedReason
from models.email import EmailDirection, Incoming, Message, MessageAttachment, history
from models.ground import clock, store
from models.ground.page import Window
from models.journal import JournalFilter
from models.mailbox import MailServer, NewMailbox
from models.participant import Participant, Role
from models.viewer import System, Viewer
from tests.support.firm.cast import ANNA, BRUNO, STUDIO
from tests.support.firm.factories import a_contact, a_firm, a_member, an_account, counting, switched
from tests.support.firm.invitations import later
from tests.support.waiting import held, until_waiting

pytestmark = pytest.mark.usefixtures("store")
STRANGER = "x@elsewhere.test"
FITS = None
_numbers = count()


@pytest.fixture
def store_url(store: str) -> str:
    return store


@pytest.fixture
async def owner(by: System) -> Viewer:
    return await a_member(by)


@pytest.fixture
async def box(by: System, owner: Viewer) -> UUID:
    server = MailServer("mail.firm.test", 993)
    return (await mailbox.connect(owner, NewMailbox(STUDIO, "a secret", server, server))).ids[0]


def a_file(name: str = "invoice.pdf", size: int = 100, reason: NotSavedReason | None = FITS) -> MessageAttachment:
    return MessageAttachment(name, "application/pdf", None, size, "0" * 64, reason)


def a_message(
    *files: MessageAttachment, sender: str = ANNA, cc: str | None = None, reply_to: str | None = None, age: int = 0
) -> Message:
    """Received now, or `age` minutes ago."""
    number, received_at = next(_numbers), clock.now() - timedelta(minutes=age)
    more = ((Role.CC, cc), (Role.REPLY_TO, reply_to))
    return Message(
        fingerprint=sha256(str(number).encode()).digest(),
        message_id=f"{number}@client.test",
        references=(),
        subject=f"Papers {number}",
        participants=(
            Participant(Role.FROM, "Anna", sender),
            Participant(Role.TO, None, STUDIO),
            *(Participant(role, None, address) for role, address in more if address),
        ),
        sent_at=datetime(2018, 1, 1, tzinfo=UTC),  # whatever the sender says
        received_at=received_at,
        automatic=False,
        text="Here they are.",
        safe_html=None,
        blocked_images=0,
        snippet="Here they are.",
        words=("papers",),
        attachments=files or (a_file(),),
        raw_file="0" * 64,
        parser_version=1,
    )


async def auto_save(by: System, on: bool = True) -> None:
    await firm_settings.update(by, {"auto_save_attachments": on})


async def receive(by: System, box: UUID, *messages: Message, in_sent: bool = False) -> list[UUID]:
    async with store.transaction(by.firm_id):
        await history.lock(by.firm_id)
        told = await email.receive(by, box, [Incoming(message, arrival=True, in_sent=in_sent) for message in messages])
    return [received.email_id for received in told if received.email_id]


async def names_of(owner: Viewer, account_id: UUID) -> list[str]:
    page = (await document.of_accounts(owner, [account_id], Window(size=100)))[account_id]
    return sorted(view.name for view in page.rows)


async def reasons_of(owner: Viewer, email_id: UUID) -> list[NotSavedReason | None]:
    return [view.not_saved for view in (await email.attachments_of(owner, [email_id]))[email_id]]


async def test_what_a_client_sends_is_saved_to_each_account_that_its_message_is_linked_to(
    by: System, owner: Viewer, box: UUID
) -> None:
    first = await an_account(by, address=ANNA, email_sync=True)
    second = await an_account(by, address=BRUNO, email_sync=True)
    await auto_save(by)
    [email_id] = await receive(by, box, a_message(cc=BRUNO))
    assert await names_of(owner, first.id) == await names_of(owner, second.id) == ["invoice.pdf"]
    [attachment] = (await email.attachments_of(owner, [email_id]))[email_id]
    assert attachment.not_saved is None
    saved = (await document.of_attachments(owner, [attachment.id]))[attachment.id]
    assert {view.account_id for view in saved} == {first.id, second.id}
    assert {(view.email_id, view.size, view.content_type) for view in saved} == {(email_id, 100, "application/pdf")}


async def test_the_journal_says_so_once_for_a_message(by: System, owner: Viewer, box: UUID) -> None:
    made = await an_account(by, address=ANNA, email_sync=True)
    await auto_save(by)
    [email_id] = await receive(by, box, a_message(a_file("a.pdf"), a_file("b.pdf")))
    entries = (await journal.page(owner, JournalFilter(account_id=made.id), Window())).rows
    [entry] = [entry for entry in entries if entry.kind == "DOCUMENT_SAVED"]
    assert entry.subject_id == email_id
    assert [change.after for change in entry.changes] == ["a.pdf, b.pdf"]


async def test_a_firm_begins_without_it(by: System, owner: Viewer, box: UUID) -> None:
    made = await an_account(by, address=ANNA, email_sync=True)
    [email_id] = await receive(by, box, a_message())
    assert await names_of(owner, made.id) == []
    assert await reasons_of(owner, email_id) == [NotSavedReason.AUTO_SAVE_OFF]


async def test_what_was_received_before_it_was_on_is_history_whenever_it_is_read(
    by: System, owner: Viewer, box: UUID
) -> None:
    """By the server's date: the sync may have been away for an hour."""
    made = await an_account(by, address=ANNA, email_sync=True)
    await auto_save(by)
    old, new = await receive(by, box, a_message(age=5), a_message())
    assert await reasons_of(owner, old) == [NotSavedReason.HISTORY]
    assert await reasons_of(owner, new) == [None]
    assert await names_of(owner, made.id) == ["invoice.pdf"]


async def test_switched_off_and_on_again_both_begin_anew(by: System, owner: Viewer, box: UUID) -> None:
    made = await an_account(by, address=ANNA, email_sync=True)
    await auto_save(by)
    for switch in ("auto-save", "Email sync"):
        late = a_message()
        later(minutes=1)
        for on in (False, True):
            if switch == "auto-save":
                await auto_save(by, on)
            else:
                await switched(by, made.id, made.address, email_sync=on)
        [email_id] = await receive(by, box, late)
        assert await reasons_of(owner, email_id) == [NotSavedReason.HISTORY]
    before = a_message()
    later(minutes=1)
    await firm_settings.update(by, {"auto_save_attachments": True, "invitation_days": 14})  # said twice, with more
    await switched(by, made.id, made.address, email_sync=True, login=True)
    [email_id] = await receive(by, box, before)
    assert await reasons_of(owner, email_id) == [None]


async def test_an_account_that_asks_later_gets_the_mail_and_not_its_files(by: System, owner: Viewer, box: UUID) -> None:
    first = await an_account(by, address=ANNA, email_sync=True)
    await auto_save(by)
    message = a_message()
    later(minutes=1)
    second = await an_account(by, address=ANNA, name="Later", email_sync=True)
    [email_id] = await receive(by, box, message)
    assert len((await email.accounts_of(owner, [email_id]))[email_id]) == 2
    assert await names_of(owner, first.id) == ["invoice.pdf"]
    assert await names_of(owner, second.id) == []
    assert await reasons_of(owner, email_id) == [None]


async def test_only_what_comes_from_an_address_with_email_sync(by: System, owner: Viewer, box: UUID) -> None:
    """What a stranger sends with a copy to the client is no paper of the client's."""
    made = await an_account(by, address=ANNA, email_sync=True)
    await auto_save(by)
    [email_id] = await receive(by, box, a_message(sender=STRANGER, cc=ANNA))
    assert await reasons_of(owner, email_id) == [NotSavedReason.AUTO_SAVE_OFF]
    assert await names_of(owner, made.id) == []


async def test_who_is_to_be_answered_is_the_sender_where_no_client_is(by: System, owner: Viewer, box: UUID) -> None:
    """A portal or a scanner writes on behalf of the client (R18); with another client in From it is that one's."""
    await an_account(by, address=ANNA, email_sync=True)
    await a_contact(by, BRUNO, name="Bruno")
    await auto_save(by)
    behalf, other = await receive(
        by, box, a_message(sender=STRANGER, reply_to=ANNA), a_message(sender=BRUNO, reply_to=ANNA)
    )
    assert await reasons_of(owner, behalf) == [None]
    assert await reasons_of(owner, other) == [NotSavedReason.AUTO_SAVE_OFF]


async def test_an_archived_account_asks_for_nothing(by: System, owner: Viewer, box: UUID) -> None:
    first = await an_account(by, address=ANNA, email_sync=True)
    second = await an_account(by, address=ANNA, name="Closed", email_sync=True)
    await auto_save(by)
    await account.archive(by, second.id, archived=True)
    await receive(by, box, a_message())
    assert (await names_of(owner, first.id), await names_of(owner, second.id)) == (["invoice.pdf"], [])


async def test_the_same_name_and_size_is_there_already_and_another_size_gets_a_number(
    by: System, owner: Viewer, box: UUID
) -> None:
    made = await an_account(by, address=ANNA, email_sync=True)
    await auto_save(by)
    sizes = (100, 200, 100, 200, 300)
    files = [a_file("Invoice.pdf" if size == 300 else "invoice.pdf", size) for size in sizes]
    ids = [email_id for file in files for email_id in await receive(by, box, a_message(file))]
    assert await names_of(owner, made.id) == ["Invoice (3).pdf", "invoice (2).pdf", "invoice.pdf"]
    there = [NotSavedReason.ALREADY_THERE]
    assert [await reasons_of(owner, email_id) for email_id in ids] == [[None], [None], there, there, [None]]


async def test_also_within_one_message_and_one_batch(by: System, owner: Viewer, box: UUID) -> None:
    made = await an_account(by, address=ANNA, email_sync=True)
    await auto_save(by)
    first, second = await receive(
        by, box, a_message(a_file(size=1), a_file(size=2), a_file(size=1)), a_message(a_file(size=2))
    )
    assert await reasons_of(owner, first) == [None, None, NotSavedReason.ALREADY_THERE]
    assert await reasons_of(owner, second) == [NotSavedReason.ALREADY_THERE]
    assert await names_of(owner, made.id) == ["invoice (2).pdf", "invoice.pdf"]


async def test_two_workers_that_store_at_once_take_two_names(
    store_url: str, by: System, owner: Viewer, box: UUID
) -> None:
    made = await an_account(by, address=ANNA, email_sync=True)
    await auto_save(by)
    async with asyncio.TaskGroup() as group, held(_receive_inside(by, box, a_message(a_file(size=1)))):
        group.create_task(receive(by, box, a_message(a_file(size=2))))
        await until_waiting(store_url, 1)
    assert await names_of(owner, made.id) == ["invoice (2).pdf", "invoice.pdf"]


async def _receive_inside(by: System, box: UUID, message: Message) -> None:
    await history.lock(by.firm_id)
    await email.receive(by, box, [Incoming(message, arrival=True)])


async def test_what_came_while_an_account_was_archived_is_history(by: System, owner: Viewer, box: UUID) -> None:
    made = await an_account(by, address=ANNA, email_sync=True)
    await auto_save(by)
    await account.archive(by, made.id, archived=True)
    meanwhile = a_message()
    later(minutes=1)
    await account.archive(by, made.id, archived=False)
    [email_id] = await receive(by, box, meanwhile)
    assert await reasons_of(owner, email_id) == [NotSavedReason.HISTORY]
    await receive(by, box, a_message(a_file("new.pdf")))
    assert await names_of(owner, made.id) == ["new.pdf"]


@pytest.mark.parametrize("reason", [NotSavedReason.FILE_TYPE, NotSavedReason.TOO_LARGE, NotSavedReason.INLINE])
async def test_what_may_never_be_saved_says_why(by: System, owner: Viewer, box: UUID, reason: NotSavedReason) -> None:
    made = await an_account(by, address=ANNA, email_sync=True)
    await auto_save(by)
    [email_id] = await receive(by, box, a_message(a_file(reason=reason), a_file("ok.pdf")))
    assert await reasons_of(owner, email_id) == [reason, None]
    assert await names_of(owner, made.id) == ["ok.pdf"]


async def test_a_copy_in_another_mailbox_saves_nothing_again(by: System, owner: Viewer, box: UUID) -> None:
    made = await an_account(by, address=ANNA, email_sync=True)
    await auto_save(by)
    message = a_message()
    [email_id] = await receive(by, box, message)
    assert await receive(by, box, replace(message, raw_file="1" * 64)) == [email_id]
    assert await names_of(owner, made.id) == ["invoice.pdf"]
    assert await reasons_of(owner, email_id) == [None]


async def test_an_account_that_gets_a_saved_message_later_leaves_it_saved(by: System, owner: Viewer, box: UUID) -> None:
    await an_account(by, address=ANNA, email_sync=True)
    await auto_save(by)
    [email_id] = await receive(by, box, a_message())
    later(minutes=1)
    second = await an_account(by, address=ANNA, name="Later", email_sync=True)
    assert await names_of(owner, second.id) == []
    assert await reasons_of(owner, email_id) == [None]


async def test_what_the_firm_sent_from_an_address_that_syncs_is_outgoing(by: System, owner: Viewer, box: UUID) -> None:
    await an_account(by, address=ANNA, email_sync=True)
    await auto_save(by)
    [email_id] = await receive(by, box, a_message(sender="alias@firm.test", cc=ANNA), in_sent=True)
    [view] = (await email.by_ids(owner, [email_id])).values()
    assert view.direction is EmailDirection.OUTGOING
    assert await reasons_of(owner, email_id) == [NotSavedReason.AUTO_SAVE_OFF]


async def test_a_batch_takes_as_many_statements_as_one_message(by: System, box: UUID) -> None:
    await an_account(by, address=ANNA, email_sync=True)
    await auto_save(by)
    await receive(by, box, a_message(a_file("0.pdf")))
    async with counting() as for_one:
        await receive(by, box, a_message(a_file("1.pdf")))
    async with counting() as for_fifty:
        await receive(by, box, *(a_message(a_file(f"{n}.pdf"), a_file(f"{n}.xls")) for n in range(2, 52)))
    assert len(for_fifty) == len(for_one)


async def test_where_it_is_off_one_statement_says_so(by: System, box: UUID) -> None:
    await an_account(by, address=ANNA, email_sync=True)
    async with counting() as without:
        await receive(by, box, replace(a_message(), attachments=()))
    async with counting() as with_files:
        await receive(by, box, a_message())
    assert len(with_files) == len(without) + 2  # the attachments' rows, and the question


async def test_documents_stay_when_their_message_is_forgotten(by: System, owner: Viewer, box: UUID) -> None:
    made = await an_account(by, address=ANNA, email_sync=True)
    await auto_save(by)
    [email_id] = await receive(by, box, a_message())
    async with store.transaction(by.firm_id):
        await history.lock(by.firm_id)
        await email.forget(by, [email_id])
    [view] = (await document.of_accounts(owner, [made.id], Window()))[made.id].rows
    assert (view.name, view.email_id, view.attachment_id) == ("invoice.pdf", None, None)


async def test_another_firm_sees_none_of_them(by: System, owner: Viewer, box: UUID) -> None:
    made = await an_account(by, address=ANNA, email_sync=True)
    await auto_save(by)
    await receive(by, box, a_message())
    [view] = (await document.of_accounts(owner, [made.id], Window()))[made.id].rows
    stranger = await a_member(await a_firm())
    assert (await document.of_accounts(stranger, [made.id], Window()))[made.id].rows == ()
    assert await document.counts_of_accounts(stranger, [made.id]) == {}
    assert await document.by_ids(stranger, [view.id]) == {}
    assert view.attachment_id is not None
    assert await document.of_attachments(stranger, [view.attachment_id]) == {}
