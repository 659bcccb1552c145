"""What a client sees: its accounts, one at a time, the notice, what waits, its e-mails (R19, R36, R37)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from models import account, contact, email, mailbox, portal, session
from models.client_event import ClientEvent
from models.contact import ContactEmail, FieldRef
from models.email import Incoming, history
from models.errors import ErrorCode
from models.ground import clock, store
from models.ground.page import Window
from models.mailbox import NewMailbox
from models.notice import NotifyOutcome
from models.participant import Participant, Role
from models.portal import Portal, emails
from models.session import SignedIn
from models.viewer import Client, System
from tests.support.emails.received import a_message
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import (
    MadeAccount,
    a_client,
    a_contact,
    a_firm,
    an_account,
    an_address,
    counting,
    linked,
    signed_in,
    switched,
)
from tests.support.firm.notify_clients import INVOICE, notified
from tests.support.firm.one_of_everything import SERVER
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def two_accounts(by: System) -> tuple[SignedIn[Client], MadeAccount, MadeAccount]:
    """A client who works in the first of two."""
    first = await an_account(by, name="Zanetti", address=ANNA, email_sync=True)
    second = await an_account(by, name="Amaranto")
    return await a_client(by, first, second.id), first, second


async def now(client: SignedIn[Client]) -> Client:
    found = await session.viewer_of(client.token)
    assert isinstance(found, Client)
    return found


async def seen(client: SignedIn[Client]) -> Portal:
    return await portal.of(await now(client))


async def test_a_client_sees_the_names_of_its_own_accounts_and_the_one_in_use(by: System) -> None:
    client, first, _ = await two_accounts(by)
    await an_account(by, login=True)
    archived = await an_account(by)
    await linked(by, archived.id, first.contact)
    await switched(by, archived.id, first.address, login=True)
    await account.archive(by, archived.id, archived=True)
    found = await seen(client)
    assert [one.name for one in found.accounts] == ["Amaranto", "Zanetti"]
    assert found.account is not None
    assert found.account.id == first.id


async def test_switching_needs_no_new_sign_in(by: System) -> None:
    client, _, second = await two_accounts(by)
    done = await portal.select(await now(client), second.id)
    assert done.cursor is not None
    assert (await now(client)).account_id == second.id
    again = await portal.select(await now(client), second.id)
    assert again.cursor is None


async def test_only_an_account_that_the_client_may_enter_can_be_picked(by: System) -> None:
    client, first, second = await two_accounts(by)
    elsewhere, theirs = await an_account(by, login=True), await an_account(await a_firm(), login=True)
    await switched(by, second.id, first.address, login=False)
    for account_id in (elsewhere.id, theirs.id, second.id, UUID(int=0)):
        with refused(ErrorCode.NOT_FOUND, "accountId"):
            await portal.select(await now(client), account_id)
    assert (await now(client)).account_id == first.id


async def test_the_notice_shows_with_several_accounts_until_it_is_closed_and_again_after_the_next_sign_in(
    by: System,
) -> None:
    client, first, second = await two_accounts(by)
    assert (await seen(client)).show_notice
    with refused(ErrorCode.ACCOUNT_SWITCHED, "accountId"):
        await portal.dismiss_notice(await now(client), second.id)
    await portal.dismiss_notice(await now(client), first.id)
    assert not (await seen(client)).show_notice
    await portal.select(await now(client), second.id)
    assert not (await seen(client)).show_notice
    again = await a_client(by, first)
    assert (await seen(again)).show_notice
    await switched(by, second.id, first.address, login=False)
    assert not (await seen(again)).show_notice


async def arrives(
    by: System, box: UUID, n: int, *, sender: str, to: str, bcc: str | None = None, at: datetime = NOW
) -> None:
    people = [Participant(Role.FROM, None, sender), Participant(Role.TO, None, to)]
    people += [Participant(Role.BCC, None, bcc)] if bcc else []
    message = replace(a_message(n), participants=tuple(people), received_at=at, sent_at=at)
    async with store.transaction():
        await history.lock(by.firm_id)
        await email.receive(by, box, [Incoming(message, True)])


@pytest.fixture
async def box(by: System) -> UUID:
    owner = await signed_in(by)
    mailbox_id = (await mailbox.connect(owner.viewer, NewMailbox("box@firm.test", "secret", SERVER, SERVER))).ids[0]
    await store.execute("UPDATE mailbox SET signed_in_at = now() WHERE id = $1", mailbox_id)
    return mailbox_id


async def test_a_client_sees_the_mail_that_its_address_took_part_in_on_this_account(by: System, box: UUID) -> None:
    client, first, second = await two_accounts(by)
    bruno = "bruno@client.test"
    await a_contact(by, bruno, name="Bruno", on=first.id)
    await switched(by, first.id, await an_address(by, bruno), email_sync=True)
    await arrives(by, box, 1, sender=ANNA, to="box@firm.test")
    await arrives(by, box, 2, sender=bruno, to="box@firm.test")
    await arrives(by, box, 3, sender="box@firm.test", to=bruno, bcc=ANNA)
    page = await emails.page(await now(client), Window())
    assert len(page.rows) == await emails.count(await now(client)) == 2
    ids = [row.id for row in page.rows]
    shown = await emails.participants_of(await now(client), ids)
    assert Role.BCC not in {one.role for people in shown.values() for one in people}
    assert set(await emails.bodies(await now(client), ids)) == set(ids)
    await portal.select(await now(client), second.id)
    assert await emails.count(await now(client)) == 0
    assert await emails.by_ids(await now(client), ids) == {}


@pytest.mark.parametrize("off", ["email_sync", "login"])
async def test_what_is_switched_off_is_shown_no_longer(by: System, box: UUID, off: str) -> None:
    client, first, _ = await two_accounts(by)
    await arrives(by, box, 1, sender=ANNA, to="box@firm.test")
    before = await now(client)
    assert await emails.count(before) == 1
    await switched(by, first.id, first.address, **{off: False})
    for asked in (before, await now(client)):
        assert await emails.count(asked) == 0
        assert (await emails.page(asked, Window())).rows == ()
    assert not (await seen(client)).shows_emails


async def test_what_the_firm_wrote_since_the_client_left_an_account_waits_there(by: System, box: UUID) -> None:
    clock.set_source(lambda: NOW)
    client, first, second = await two_accounts(by)

    async def waiting() -> dict[str, int]:
        found = (await seen(client)).accounts
        return {one.name: one.waiting_emails for one in found if one.waiting_emails}

    await arrives(by, box, 1, sender="box@firm.test", to=ANNA, at=NOW + timedelta(minutes=1))
    assert await waiting() == {}
    clock.set_source(lambda: NOW + timedelta(minutes=5))
    await portal.select(await now(client), second.id)
    assert await waiting() == {}
    await arrives(by, box, 2, sender="box@firm.test", to=ANNA, at=NOW + timedelta(minutes=6))
    await arrives(by, box, 3, sender=ANNA, to="box@firm.test", at=NOW + timedelta(minutes=6))
    assert await waiting() == {"Zanetti": 1}
    await switched(by, first.id, first.address, email_sync=False)
    assert await waiting() == {}
    await switched(by, first.id, first.address, email_sync=True)
    clock.set_source(lambda: NOW + timedelta(minutes=10))
    await portal.select(await now(client), first.id)
    await portal.select(await now(client), second.id)
    assert await waiting() == {}


async def waiting(client: SignedIn[Client]) -> dict[str, dict[str, int]]:
    """By account, where something waits."""
    found = (await seen(client)).accounts
    return {one.name: {each.category.value: each.count for each in one.waiting} for one in found if one.waiting}


async def test_notices_since_the_client_left_an_account_wait_there_whatever_notify_says(by: System) -> None:
    clock.set_source(lambda: NOW)
    client, first, second = await two_accounts(by)
    await notified(by, first.id, key="before")
    assert await waiting(client) == {}, "it works there"
    clock.set_source(lambda: NOW + timedelta(minutes=5))
    await portal.select(await now(client), second.id)
    clock.set_source(lambda: NOW + timedelta(minutes=6))
    for n, event in enumerate((INVOICE, ClientEvent.PAYMENT_CONFIRMED, ClientEvent.MESSAGE_SENT)):
        told = await notified(by, first.id, key=f"first {n}", event=event)
        assert [one.outcome for one in told.recipients] == [NotifyOutcome.NOTIFY_OFF]
    await notified(by, second.id, key="in use")
    assert await waiting(client) == {"Zanetti": {"INVOICES_AND_PAYMENTS": 2, "MESSAGES": 1}}
    assert [one.waiting_emails for one in (await seen(client)).accounts] == [0, 0]
    clock.set_source(lambda: NOW + timedelta(minutes=10))
    await portal.select(await now(client), first.id)
    await portal.select(await now(client), second.id)
    assert await waiting(client) == {}


async def test_only_notices_for_this_very_address_since_it_was_activated_wait(by: System) -> None:
    clock.set_source(lambda: NOW)
    first, second = await an_account(by, name="Zanetti", address=ANNA), await an_account(by, name="Amaranto")
    await linked(by, second.id, first.contact)
    await notified(by, second.id, key="before")
    clock.set_source(lambda: NOW + timedelta(minutes=1))
    client = await a_client(by, first)
    await switched(by, second.id, first.address, login=True)
    assert await waiting(client) == {}
    clock.set_source(lambda: NOW + timedelta(minutes=2))
    await notified(by, second.id, key="held")
    await contact.update(by, first.contact, emails=[ContactEmail(FieldRef(name="Email"), None)])
    told = await notified(by, second.id, key="no longer held, though it may still enter")
    assert [one.outcome for one in told.recipients] == [NotifyOutcome.NOTIFY_OFF, NotifyOutcome.NO_ADDRESS]
    assert await waiting(client) == {"Amaranto": {"INVOICES_AND_PAYMENTS": 1}}


async def test_what_waits_is_one_statement_however_many_accounts_and_notices(by: System) -> None:
    client, first, second = await two_accounts(by)
    more = [await an_account(by) for _ in range(3)]
    for made in more:
        await linked(by, made.id, first.contact)
        await switched(by, made.id, first.address, login=True)
    for n, made in enumerate([second, *more]):
        await notified(by, made.id, key=str(n))
    asking = await now(client)
    async with counting() as statements:
        found = await portal.of(asking)
    assert len(statements) == 1, statements
    assert sum(each.count for one in found.accounts for each in one.waiting) == 4
