"""Changing contacts: create, update, delete, link, unlink."""

import strawberry

from graph.account import Account, account_of
from graph.contact import Contact, contact_of
from graph.context import Info, viewer_of
from graph.errors import Payload, cursor_of, refusable
from graph.ids import Kind, key_of
from graph.inputs import asked_id, changed, given, optional
from graph.links import AddressTogglesInput, EmailFieldInput, NewEmailInput
from graph.loaders import seen
from graph.toggles import Toggles
from models import contact
from models.contact import ContactEmail, ExistingContact, NewContact


@strawberry.input
class CreateContactInput:
    name: str
    emails: list[NewEmailInput] = strawberry.field(default_factory=list)
    account_id: strawberry.ID | None = optional("Links it at once.")
    idempotency_key: str | None = strawberry.UNSET


@strawberry.type
class CreateContactPayload(Payload):
    contact: Contact | None = None
    account: Account | None = None


@strawberry.input(description="A null address empties the field.")
class ContactEmailInput:
    field: EmailFieldInput
    address: str | None = strawberry.UNSET


@strawberry.input(description="E-mail fields that are not named stay as they are.")
class UpdateContactInput:
    id: strawberry.ID
    name: str | None = strawberry.UNSET
    emails: list[ContactEmailInput] | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET


@strawberry.type
class UpdateContactPayload(Payload):
    contact: Contact | None = None
    toggles: list[Toggles] | None = strawberry.field(
        default=None, description="All that this made, moved or unlinked, on any account (R33, R34)."
    )


@strawberry.input
class DeleteContactInput:
    id: strawberry.ID
    expected_version: int | None = strawberry.UNSET


@strawberry.type
class DeleteContactPayload(Payload):
    accounts: list[Account] | None = None


@strawberry.input
class LinkContactInput:
    account_id: strawberry.ID
    contact_id: strawberry.ID
    toggles: list[AddressTogglesInput] = strawberry.field(default_factory=list)
    idempotency_key: str | None = strawberry.UNSET


@strawberry.type
class LinkContactPayload(Payload):
    account: Account | None = None


@strawberry.input
class UnlinkContactInput:
    account_id: strawberry.ID
    contact_id: strawberry.ID


@strawberry.type
class UnlinkContactPayload(Payload):
    account: Account | None = None


@strawberry.input
class LinkUnlinkedEmailInput:
    account_id: strawberry.ID
    address_id: strawberry.ID
    contact_id: strawberry.ID
    field: EmailFieldInput


@strawberry.type
class LinkUnlinkedEmailPayload(Payload):
    account: Account | None = None


@strawberry.input
class DeleteUnlinkedEmailInput:
    account_id: strawberry.ID
    address_id: strawberry.ID


@strawberry.type
class DeleteUnlinkedEmailPayload(Payload):
    account: Account | None = None


@strawberry.type
class ContactMutation:
    @strawberry.mutation
    @refusable(CreateContactPayload)
    async def create_contact(self, info: Info, input: CreateContactInput) -> CreateContactPayload:
        new = NewContact(input.name, tuple(email.asked() for email in input.emails))
        account_id = asked_id(Kind.ACCOUNT, input.account_id)
        done = await contact.create(viewer_of(info), new, account_id=account_id, key=given(input.idempotency_key))
        account = await account_of(info, done.ids[1]) if len(done.ids) > 1 else None
        return CreateContactPayload(
            contact=await contact_of(info, done.ids[0]), account=account, cursor=cursor_of(done)
        )

    @strawberry.mutation(
        description="An address that is replaced or removed takes its switches along as R33 and R34 say."
    )
    @refusable(UpdateContactPayload)
    async def update_contact(self, info: Info, input: UpdateContactInput) -> UpdateContactPayload:
        emails = [ContactEmail(email.field.asked(), given(email.address)) for email in given(input.emails) or ()]
        done = await contact.update(
            viewer_of(info),
            key_of(Kind.CONTACT, input.id),
            name=changed(input.name, cleared=""),
            emails=emails,
            expected_version=given(input.expected_version),
            key=given(input.idempotency_key),
        )
        toggles = Toggles.of_all(await seen(info.context.loaders.toggles, done.ids[1:]))
        contact_now = await contact_of(info, done.ids[0])
        return UpdateContactPayload(contact=contact_now, toggles=toggles, cursor=cursor_of(done))

    @strawberry.mutation(description="Unlinks it everywhere, then removes it; mail, documents and journal stay (R48).")
    @refusable(DeleteContactPayload)
    async def delete_contact(self, info: Info, input: DeleteContactInput) -> DeleteContactPayload:
        done = await contact.delete(
            viewer_of(info), key_of(Kind.CONTACT, input.id), expected_version=given(input.expected_version)
        )
        accounts = await seen(info.context.loaders.account, done.ids)
        return DeleteContactPayload(accounts=Account.of_all(accounts), cursor=cursor_of(done))

    @strawberry.mutation
    @refusable(LinkContactPayload)
    async def link_contact(self, info: Info, input: LinkContactInput) -> LinkContactPayload:
        toggles = tuple(toggles.asked() for toggles in input.toggles)
        existing = ExistingContact(key_of(Kind.CONTACT, input.contact_id), toggles)
        account_id = key_of(Kind.ACCOUNT, input.account_id)
        done = await contact.link(viewer_of(info), account_id, existing, key=given(input.idempotency_key))
        return LinkContactPayload(account=await account_of(info, account_id), cursor=cursor_of(done))

    @strawberry.mutation
    @refusable(UnlinkContactPayload)
    async def unlink_contact(self, info: Info, input: UnlinkContactInput) -> UnlinkContactPayload:
        account_id, contact_id = key_of(Kind.ACCOUNT, input.account_id), key_of(Kind.CONTACT, input.contact_id)
        done = await contact.unlink(viewer_of(info), account_id, contact_id)
        return UnlinkContactPayload(account=await account_of(info, account_id), cursor=cursor_of(done))

    @strawberry.mutation(description="Gives an unlinked email to a contact, in a field that is free (R35).")
    @refusable(LinkUnlinkedEmailPayload)
    async def link_unlinked_email(self, info: Info, input: LinkUnlinkedEmailInput) -> LinkUnlinkedEmailPayload:
        account_id = key_of(Kind.ACCOUNT, input.account_id)
        address_id = key_of(Kind.EMAIL_ADDRESS, input.address_id)
        contact_id = key_of(Kind.CONTACT, input.contact_id)
        done = await contact.link_email(viewer_of(info), account_id, address_id, contact_id, input.field.asked())
        return LinkUnlinkedEmailPayload(account=await account_of(info, account_id), cursor=cursor_of(done))

    @strawberry.mutation(description="Its Login goes off (R35).")
    @refusable(DeleteUnlinkedEmailPayload)
    async def delete_unlinked_email(self, info: Info, input: DeleteUnlinkedEmailInput) -> DeleteUnlinkedEmailPayload:
        account_id, address_id = key_of(Kind.ACCOUNT, input.account_id), key_of(Kind.EMAIL_ADDRESS, input.address_id)
        done = await contact.delete_email(viewer_of(info), account_id, address_id)
        return DeleteUnlinkedEmailPayload(account=await account_of(info, account_id), cursor=cursor_of(done))
