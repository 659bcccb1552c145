"""Contacts: people, their addresses, and their links to accounts."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from graph.address import EmailAddress, address_there
from graph.context import Info, viewer_of
from graph.firm import EmailField, email_field_of
from graph.ids import Kind, global_id
from graph.inputs import given
from graph.node import Node
from graph.paging import Connection, FeedConnection, connected, feed_cursor, window_of
from graph.toggles import Toggles, toggles_there
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

    @strawberry.field
    async def field(self, info: Info) -> EmailField:
        return await field_there(info, self.field_key)

    @strawberry.field
    async def address(self, info: Info) -> EmailAddress:
        return await address_there(info, self.address_key)


async def field_there(info: Info, key: UUID) -> EmailField:
    found = await email_field_of(info, key)
    assert found is not None
    return found


@strawberry.type
class Contact(Node):
    key: strawberry.Private[UUID]
    name: str
    version: int

    @classmethod
    def of(cls, view: contact.ContactView) -> "Contact":
        return cls(id=global_id(Kind.CONTACT, view.id), key=view.id, name=view.name, version=view.version)

    @strawberry.field
    async def emails(self, info: Info) -> list[ContactEmail]:
        held = await info.context.loaders.contact_emails.load(self.key)
        return [ContactEmail(field_key=one.field_id, address_key=one.address_id) for one in held]

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
    view: strawberry.Private[contact.LinkedContactView]

    @strawberry.field
    async def contact(self, info: Info) -> Contact:
        found = await contact_of(info, self.view.contact_id)
        assert found is not None
        return found

    @strawberry.field
    def emails(self) -> list["LinkedEmail"]:
        return [LinkedEmail(view=one) for one in self.view.emails]


@strawberry.type
class LinkedEmail:
    view: strawberry.Private[contact.LinkedEmailView]

    @strawberry.field
    async def field(self, info: Info) -> EmailField:
        return await field_there(info, self.view.field_id)

    @strawberry.field
    async def toggles(self, info: Info) -> Toggles:
        return await toggles_there(info, self.view.toggles_id)


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
