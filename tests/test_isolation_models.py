"""Nothing crosses firms (P6): an id of another firm is not there, in every verb and every read of the models."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from models import account, address, contact, email_field, journal, mailbox, notification, team, toggles
from models.account import AccountFilter, AccountKind, AccountOrder, NewAccount
from models.contact import ContactEmail, ContactFilter, ContactOrder, ExistingContact, FieldRef, NewContact, NewEmail
from models.errors import ErrorCode
from models.ground import store
from models.ground.page import Window
from models.mailbox import MailboxChange, MailServer, NewMailbox
from models.notification import NewNotification, NotificationKind, Selection
from models.toggles import NewToggles, TogglesWish, setting
from models.viewer import Viewer
from tests.support.firm.factories import MadeAccount, a_firm, a_member, an_account, toggles_of
from tests.support.firm.inbox import saying
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
SERVER = MailServer("mail.x.test", 993)


@dataclass(frozen=True, slots=True)
class World:
    """What one firm has of everything."""

    by: Viewer
    account: MadeAccount
    toggles: UUID
    field: UUID
    mailbox: UUID
    portal_user: UUID
    notification: UUID
    entry: UUID


async def _a_world() -> World:
    by = await a_member(await a_firm())
    made = await an_account(by, address="shared@x.test", login=True, notify=True)
    view = await toggles_of(by, made.id, made.address)
    assert view is not None
    async with store.transaction():
        await notification.raise_for_team(
            by, [NewNotification(NotificationKind.EMAIL_RECEIVED, uuid7(), uuid7(), saying("A letter"))]
        )
    (inbox,) = (await notification.page(by, notification.InboxFilter(), Window())).rows
    entry = (await journal.page(by, journal.JournalFilter(), Window())).rows[0].id
    (field,) = await email_field.of_firm(by)
    box = (await mailbox.connect(by, NewMailbox("box@x.test", "secret", SERVER, SERVER))).ids[0]
    user = await address.activate(by, made.address, at=(await _now()))
    return World(by, made, view.id, field.id, box, user, inbox.id, entry)


async def _now() -> Any:
    return await store.value("SELECT now()")


Verb = Callable[[World, World], Awaitable[Any]]
"""The first world's member does something to the second world's things."""

NOT_THERE: dict[str, Verb] = {
    "update account": lambda me, it: account.update(me.by, it.account.id, name="X"),
    "archive account": lambda me, it: account.archive(me.by, it.account.id, archived=True),
    "create account with a contact": lambda me, it: account.create(
        me.by, NewAccount("X", AccountKind.OTHER, None, (ExistingContact(it.account.contact),))
    ),
    "create account with a field": lambda me, it: account.create(
        me.by,
        NewAccount("X", AccountKind.OTHER, None, (NewContact("X", (NewEmail(FieldRef(id=it.field), "new@x.test"),)),)),
    ),
    "create contact on account": lambda me, it: contact.create(me.by, NewContact("X"), account_id=it.account.id),
    "create contact with a field": lambda me, it: contact.create(
        me.by, NewContact("X", (NewEmail(FieldRef(id=it.field), "new@x.test"),))
    ),
    "update contact": lambda me, it: contact.update(me.by, it.account.contact, name="X"),
    "update contact's field": lambda me, it: contact.update(
        me.by, me.account.contact, emails=[ContactEmail(FieldRef(id=it.field), "new@x.test")]
    ),
    "delete contact": lambda me, it: contact.delete(me.by, it.account.contact),
    "link their contact": lambda me, it: contact.link(me.by, me.account.id, ExistingContact(it.account.contact)),
    "link to their account": lambda me, it: contact.link(me.by, it.account.id, ExistingContact(me.account.contact)),
    "link with their address": lambda me, it: _link_with(me, it.account.address),
    "unlink from their account": lambda me, it: contact.unlink(me.by, it.account.id, me.account.contact),
    "unlink their contact": lambda me, it: contact.unlink(me.by, me.account.id, it.account.contact),
    "set toggles on their account": lambda me, it: setting.set_toggles(
        me.by, [TogglesWish(it.account.id, me.account.address, login=False)]
    ),
    "set toggles of their address": lambda me, it: setting.set_toggles(
        me.by, [TogglesWish(me.account.id, it.account.address, login=False)]
    ),
    "set their toggles": lambda me, it: setting.set_toggles(
        me.by, [TogglesWish(it.account.id, it.account.address, login=False)]
    ),
    "update mailbox": lambda me, it: mailbox.update(me.by, it.mailbox, MailboxChange(paused=True)),
    "give mailbox to their colleague": lambda me, it: mailbox.update(
        me.by, me.mailbox, MailboxChange(owner_id=it.by.member_id)
    ),
    "connect mailbox for their colleague": lambda me, it: mailbox.connect(
        me.by, NewMailbox("new@x.test", "secret", SERVER, SERVER, owner_id=it.by.member_id)
    ),
    "mark notification": lambda me, it: notification.mark(me.by, Selection(ids=(it.notification,)), read=True),
    "archive notification": lambda me, it: notification.archive(
        me.by, Selection(ids=(it.notification,)), archived=True
    ),
}


async def _link_with(me: World, address_id: UUID) -> None:
    (other,) = (await contact.create(me.by, NewContact("X"))).ids
    await contact.link(me.by, me.account.id, ExistingContact(other, ((address_id, NewToggles(login=True)),)))


@pytest.mark.parametrize("verb", NOT_THERE)
async def test_what_another_firm_has_is_not_there_for_a_verb(verb: str) -> None:
    me, it = await _a_world(), await _a_world()
    before = await _everything_of(it)
    with refused(ErrorCode.NOT_FOUND):
        await NOT_THERE[verb](me, it)
    assert await _everything_of(it) == before


async def _everything_of(it: World) -> list[str]:
    tables = await store.rows(
        "SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND column_name = 'firm_id' ORDER BY 1"
    )
    return [
        str([dict(row) for row in await store.rows(f'SELECT * FROM "{one[0]}" WHERE firm_id = $1', it.by.firm_id)])
        for one in tables
    ]


READS: dict[str, Callable[[Viewer, World], Awaitable[Any]]] = {
    "accounts": lambda by, it: account.by_ids(by, [it.account.id]),
    "accounts of contacts": lambda by, it: _rows(account.of_contacts(by, [it.account.contact], Window())),
    "counts of accounts": lambda by, it: account.counts_of_contacts(by, [it.account.contact]),
    "contacts": lambda by, it: contact.by_ids(by, [it.account.contact]),
    "addresses of contacts": lambda by, it: contact.emails_of(by, [it.account.contact]),
    "contacts of accounts": lambda by, it: contact.linked_to(by, [it.account.id]),
    "addresses": lambda by, it: address.by_ids(by, [it.account.address]),
    "portal users": lambda by, it: address.address_of_portal_users(by, [it.portal_user]),
    "fields": lambda by, it: email_field.by_ids(by, [it.field]),
    "toggles": lambda by, it: toggles.by_ids(by, [it.toggles]),
    "toggles of accounts": lambda by, it: toggles.of_accounts(by, [it.account.id]),
    "toggles on accounts": lambda by, it: toggles.on_accounts(by, [(it.account.id, it.account.address)]),
    "colleagues": lambda by, it: team.by_ids(by, [it.by.member_id]),
    "mailboxes": lambda by, it: mailbox.by_ids(by, [it.mailbox]),
    "notifications": lambda by, it: notification.by_ids(by, [it.notification]),
    "journal": lambda by, it: journal.by_ids(by, [it.entry]),
}


async def _rows(pages: Awaitable[dict[UUID, Any]]) -> list[Any]:
    return [row for page in (await pages).values() for row in page.rows]


@pytest.mark.parametrize("read", READS)
async def test_what_another_firm_has_is_not_there_for_a_reader(read: str) -> None:
    me, it = await _a_world(), await _a_world()
    assert await READS[read](it.by, it), "or this test proves nothing"
    assert not await READS[read](me.by, it)


async def test_lists_and_counts_show_what_the_firm_has_alone() -> None:
    me, it = await _a_world(), await _a_world()
    accounts = await account.page(me.by, AccountFilter("shared"), AccountOrder.NAME_ASC, Window())
    contacts = await contact.page(me.by, ContactFilter("shared"), ContactOrder.NAME_ASC, Window())
    assert [row.id for row in accounts.rows] == [me.account.id]
    assert [row.id for row in contacts.rows] == [me.account.contact]
    assert await account.count(me.by, AccountFilter()) == await contact.count(me.by, ContactFilter()) == 1
    assert [one.id for one in await mailbox.of_firm(me.by)] == [me.mailbox]
    assert [one.id for one in await team.of_firm(me.by)] == [me.by.member_id]
    assert me.account.address != it.account.address  # the same text, and nothing shared
