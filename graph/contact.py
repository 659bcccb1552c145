"""Contacts: people, their addresses, and their links to accounts."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from graph.address import EmailAddress
from graph.context import Context, Info, viewer_of
from graph.engine.completion import Shows, relation
from graph.firm import EmailField
from graph.ids import Kind
from graph.inputs import SEARCH, given, optional
from graph.node import Node, made_id, reads
from graph.paging import Connection, FeedConnection, connected, feed_cursor, window_of
from graph.toggles import Toggles
from models import contact
from models.contact import (
    ContactEmailView,
    ContactFilter,
    ContactOrder,
    ContactView,
    LinkedContactView,
    LinkedEmailView,
)
from models.ground.canonical import canonical

if TYPE_CHECKING:
    from graph.account import Account

strawberry.enum(ContactOrder)
AccountPage = FeedConnection[Annotated["Account", strawberry.lazy("graph.account")]]


@strawberry.type
class ContactEmail(Shows[ContactEmailView]):
    field: EmailField
    address: EmailAddress


@strawberry.type
class Contact(Node, Shows[ContactView]):
    id: strawberry.ID = made_id(Kind.CONTACT)
    name: str
    version: int

    @relation
    @staticmethod
    async def emails(contacts: Sequence[ContactView], context: Context) -> list[list[ContactEmail]]:
        emails = await context.loaders.contact_emails.all([contact.id for contact in contacts])
        return [ContactEmail.of_all(views) for views in emails]

    @strawberry.field
    @staticmethod
    async def accounts(
        parent: strawberry.Parent[ContactView], info: Info, first: int | None = None, after: str | None = None
    ) -> AccountPage:
        from graph.account import Account

        about = canonical("accounts of a contact", parent.id)
        window = window_of(about, first=first, after=after)
        stood = await feed_cursor(info)
        page = await info.context.loaders.contact_accounts.load((parent.id, window))
        count = partial(info.context.loaders.contact_account_count.load, parent.id)
        return connected(AccountPage, page, about, node=Account.of, count=count, feed_cursor=stood)


@strawberry.type
class LinkedEmail(Shows[LinkedEmailView]):
    field: EmailField
    toggles: Toggles


@strawberry.type(description="A contact on an account, each of its addresses with its toggles there.")
class LinkedContact(Shows[LinkedContactView]):
    contact: Contact
    emails: list[LinkedEmail]


@reads(Kind.CONTACT)
async def contact_of(info: Info, key: UUID) -> Contact | None:
    return Contact.of(await info.context.loaders.contact.load(key))


@strawberry.input(name="ContactFilter")
class ContactFilterInput:
    search: str | None = optional(f"Beginnings of words, in any order: name, addresses. {SEARCH}")
    suppressed: bool | None = optional("With an address that nothing is sent to.")

    def asked(self) -> ContactFilter:
        return ContactFilter(search=given(self.search), suppressed=given(self.suppressed))


@strawberry.type
class ContactQuery:
    @strawberry.field
    async def contacts(
        self,
        info: Info,
        filter: ContactFilterInput | None = None,
        order_by: ContactOrder = ContactOrder.NAME_ASC,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Contact]:
        viewer = viewer_of(info)
        condition = filter.asked() if filter else ContactFilter()
        about = canonical("contacts", (order_by.name, condition))
        window = window_of(about, first=first, after=after, last=last, before=before)
        page = await contact.page(viewer, condition, order_by, window)
        count = partial(contact.count, viewer, condition)
        return connected(Connection[Contact], page, about, node=Contact.of, count=count)
