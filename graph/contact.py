"""Contacts: people, their addresses, and their links to accounts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from graph.address import EmailAddress
from graph.completion import relation
from graph.context import Context, Info, viewer_of
from graph.firm import EmailField
from graph.ids import Kind, global_id
from graph.inputs import given
from graph.loaders import there
from graph.node import Node
from graph.paging import Connection, FeedConnection, connected, feed_cursor, window_of
from graph.toggles import Toggles
from models import contact
from models.contact import ContactFilter, ContactOrder

if TYPE_CHECKING:
    from graph.account import Account

strawberry.enum(ContactOrder)
AccountPage = FeedConnection[Annotated["Account", strawberry.lazy("graph.account")]]


@strawberry.type
class ContactEmail:
    field_key: strawberry.Private[UUID]
    address_key: strawberry.Private[UUID]

    @relation
    @staticmethod
    async def field(emails: Sequence["ContactEmail"], context: Context) -> list[EmailField]:
        return await _fields(context, [each.field_key for each in emails])

    @relation
    @staticmethod
    async def address(emails: Sequence["ContactEmail"], context: Context) -> list[EmailAddress]:
        found = await there(context.loaders.address, [each.address_key for each in emails])
        return [EmailAddress.of(view) for view in found]


async def _fields(context: Context, keys: Sequence[UUID]) -> list[EmailField]:
    """One object for each field, however many hold an address in it."""
    distinct = list(dict.fromkeys(keys))
    views = await there(context.loaders.email_field, distinct)
    fields = {key: EmailField.of(view) for key, view in zip(distinct, views, strict=True)}
    return [fields[key] for key in keys]


@strawberry.type
class Contact(Node):
    key: strawberry.Private[UUID]
    name: str
    version: int

    @classmethod
    def of(cls, view: contact.ContactView) -> "Contact":
        return cls(id=global_id(Kind.CONTACT, view.id), key=view.id, name=view.name, version=view.version)

    @relation
    @staticmethod
    async def emails(contacts: Sequence["Contact"], context: Context) -> list[list[ContactEmail]]:
        found = await context.loaders.contact_emails.all([each.key for each in contacts])
        return [[ContactEmail(field_key=one.field_id, address_key=one.address_id) for one in held] for held in found]

    @strawberry.field
    async def accounts(self, info: Info, first: int | None = None, after: str | None = None) -> AccountPage:
        from graph.account import Account

        order = ("accounts of a contact", self.key)
        window = window_of(order, first=first, after=after)
        stood = await feed_cursor(info)
        page = await info.context.loaders.contact_accounts.load((self.key, window))

        async def count() -> int:
            return await info.context.loaders.contact_account_count.load(self.key)

        return connected(AccountPage, page, order, node=Account.of, count=count, feed_cursor=stood)  # type: ignore[no-any-return]


@strawberry.type(description="A contact on an account, each of its addresses with its toggles there.")
class LinkedContact:
    contact_key: strawberry.Private[UUID]
    emails: list["LinkedEmail"]

    @classmethod
    def of(cls, view: contact.LinkedContactView) -> "LinkedContact":
        emails = [LinkedEmail(field_key=one.field_id, toggles_key=one.toggles.id) for one in view.emails]
        return cls(contact_key=view.contact.id, emails=emails)

    @relation
    @staticmethod
    async def contact(linked: Sequence["LinkedContact"], context: Context) -> list[Contact]:
        found = await there(context.loaders.contact, [each.contact_key for each in linked])
        return [Contact.of(view) for view in found]


@strawberry.type
class LinkedEmail:
    field_key: strawberry.Private[UUID]
    toggles_key: strawberry.Private[UUID]

    @relation
    @staticmethod
    async def field(emails: Sequence["LinkedEmail"], context: Context) -> list[EmailField]:
        return await _fields(context, [each.field_key for each in emails])

    @relation
    @staticmethod
    async def toggles(emails: Sequence["LinkedEmail"], context: Context) -> list[Toggles]:
        found = await there(context.loaders.toggles, [each.toggles_key for each in emails])
        return [Toggles.of(view) for view in found]


async def contact_of(info: Info, key: UUID) -> Contact | None:
    view = await info.context.loaders.contact.load(key)
    return Contact.of(view) if view else None


READERS = {Kind.CONTACT: contact_of}


@strawberry.input(name="ContactFilter")
class ContactFilterInput:
    search: str | None = strawberry.field(
        default=strawberry.UNSET, description="Beginnings of words, in any order: name, addresses."
    )


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
        wanted = ContactFilter(search=given(filter.search)) if filter else ContactFilter()
        order = (order_by.name, wanted)
        window = window_of(order, first=first, after=after, last=last, before=before)
        page = await contact.page(viewer, wanted, order_by, window)

        async def count() -> int:
            return await contact.count(viewer, wanted)

        return connected(Connection[Contact], page, order, node=Contact.of, count=count)  # type: ignore[no-any-return]
