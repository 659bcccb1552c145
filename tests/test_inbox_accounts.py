"""An entry of Inbox+ names each account that it concerns, and is found by each (R38)."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from models import notification, our_own, toggles
from models.email import history
from models.ground import store
from models.ground.page import Window
from models.invitation import accepting
from models.notification import InboxFilter, NotificationKind
from models.viewer import Viewer
from tests.support.emails.received import a_message, a_synced_firm, received
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import MadeAccount, an_account, invited, linked, switched
from tests.support.letters.outbox import an_invitation, invitation_letter, sent_all
from tests.support.servers.smtp import SmtpSink

pytestmark = pytest.mark.usefixtures("store")
by = owner_of_a_new_firm


async def on_two_accounts(by: Viewer, *, address: str = ANNA) -> tuple[MadeAccount, UUID]:
    made = await an_account(by, address=address)
    other = await an_account(by)
    await linked(by, other.id, made.contact)
    return made, other.id


async def is_found_by(by: Viewer, kind: NotificationKind, accounts: Sequence[UUID], *, but: UUID) -> None:
    (entry,) = (await notification.page(by, InboxFilter(kinds=(kind,)), Window(9))).rows
    assert set(entry.account_ids) == set(accounts)
    for account_id in accounts:
        (found,) = (await notification.page(by, InboxFilter(account_id=account_id), Window(9))).rows
        assert found.id == entry.id
    assert await notification.count(by, InboxFilter(account_id=but)) == 0


async def test_an_email_sync_that_ended_on_two_accounts(by: Viewer) -> None:
    made, other_id = await on_two_accounts(by)
    for account_id in (made.id, other_id):
        await switched(by, account_id, made.address, email_sync=True)
    async with store.transaction(by.firm_id):
        await history.lock(by.firm_id)
        await toggles.end_email_sync(by, ANNA, of=our_own.OurOwn.COLLEAGUE)
    but = (await an_account(by)).id
    await is_found_by(by, NotificationKind.EMAIL_SYNC_ENDED, (made.id, other_id), but=but)


async def test_an_invitation_accepted_for_two_accounts(by: Viewer) -> None:
    made, other_id = await on_two_accounts(by)
    await invited(by, made.id, made.address)
    token = await invited(by, other_id, made.address)
    await accepting.accept(token, "a long enough passphrase", days=1)
    but = (await an_account(by)).id
    await is_found_by(by, NotificationKind.INVITATION_ACCEPTED, (made.id, other_id), but=but)


async def test_a_letter_that_came_back_from_an_address_on_two_accounts(by: Viewer) -> None:
    made, other_id = await on_two_accounts(by)
    await invitation_letter(by, ANNA, await an_invitation(by, made.address, made.id))
    async with SmtpSink(answers={"RCPT": "550 5.1.1 nobody here"}) as sink:
        await sent_all(sink.server)
    but = (await an_account(by)).id
    await is_found_by(by, NotificationKind.LETTER_BOUNCED, (made.id, other_id), but=but)


async def test_in_one_thread_no_clients_answer_hides_anothers() -> None:
    """Those who are on the same accounts answer for one another."""
    by, owner, box = await a_synced_firm()
    await an_account(by, address="bruno@client.test", email_sync=True)
    written = [(0, ()), (1, (0,)), (2, (0,))]
    senders = (ANNA, "bruno@client.test", ANNA)
    for (number, answers), sender in zip(written, senders, strict=True):
        await received(by, box, a_message(number, answers=answers, sender=sender), arrival=True)
    entries = (await notification.page(owner, InboxFilter(), Window(9))).rows
    assert [(one.text, one.count) for one in entries] == [("Anna: VAT return 2", 2), ("Anna: VAT return 1", 1)]


async def test_two_clients_of_one_account_are_one_entry_of_a_thread() -> None:
    by, owner, box = await a_synced_firm()
    account_id = await store.value("SELECT account_id FROM toggles WHERE firm_id = $1", by.firm_id)
    bruno = await an_account(by, address="bruno@client.test")
    await linked(by, account_id, bruno.contact)
    await switched(by, account_id, bruno.address, email_sync=True)
    await received(by, box, a_message(0), arrival=True)
    await received(by, box, a_message(1, answers=(0,), sender="bruno@client.test"), arrival=True)
    (entry,) = (await notification.page(owner, InboxFilter(), Window(9))).rows
    assert entry.count == 2
