"""Changing accounts: create, update, archive."""

import strawberry

from graph.account import Account, account_of
from graph.context import Info, viewer_of
from graph.errors import Payload, cursor_of, refusable
from graph.ids import Kind, key_of
from graph.inputs import changed, given, optional
from graph.links import AccountContactInput
from models import account
from models.account import AccountKind, NewAccount
from models.ground.unset import UNSET


@strawberry.input
class CreateAccountInput:
    code: str | None = optional("Unique in the firm; the next free one if absent.")
    name: str
    kind: AccountKind
    contacts: list[AccountContactInput] = strawberry.field(default_factory=list)
    idempotency_key: str | None = strawberry.UNSET


@strawberry.type
class CreateAccountPayload(Payload):
    account: Account | None = None


@strawberry.input
class UpdateAccountInput:
    id: strawberry.ID
    code: str | None = strawberry.UNSET
    name: str | None = strawberry.UNSET
    kind: AccountKind | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@strawberry.type
class UpdateAccountPayload(Payload):
    account: Account | None = None


@strawberry.input
class ArchiveAccountInput:
    id: strawberry.ID
    archived: bool = True
    expected_version: int | None = strawberry.UNSET


@strawberry.type
class ArchiveAccountPayload(Payload):
    account: Account | None = None


@strawberry.type
class AccountMutation:
    @strawberry.mutation(description="With its contacts, their addresses and switches at once (R2).")
    @refusable(CreateAccountPayload)
    async def create_account(self, info: Info, input: CreateAccountInput) -> CreateAccountPayload:
        contacts = tuple(contact.asked() for contact in input.contacts)
        new = NewAccount(name=input.name, kind=input.kind, code=given(input.code), contacts=contacts)
        done = await account.create(viewer_of(info), new, key=given(input.idempotency_key))
        return CreateAccountPayload(account=await account_of(info, done.ids[0]), cursor=cursor_of(done))

    @strawberry.mutation
    @refusable(UpdateAccountPayload)
    async def update_account(self, info: Info, input: UpdateAccountInput) -> UpdateAccountPayload:
        done = await account.update(
            viewer_of(info),
            key_of(Kind.ACCOUNT, input.id),
            code=changed(input.code, cleared=""),
            name=changed(input.name, cleared=""),
            kind=given(input.kind) or UNSET,
            expected_version=given(input.expected_version),
        )
        return UpdateAccountPayload(account=await account_of(info, done.ids[0]), cursor=cursor_of(done))

    @strawberry.mutation(description="Its clients lose it at once (R10). Can be taken back.")
    @refusable(ArchiveAccountPayload)
    async def archive_account(self, info: Info, input: ArchiveAccountInput) -> ArchiveAccountPayload:
        done = await account.archive(
            viewer_of(info),
            key_of(Kind.ACCOUNT, input.id),
            archived=input.archived,
            expected_version=given(input.expected_version),
        )
        return ArchiveAccountPayload(account=await account_of(info, done.ids[0]), cursor=cursor_of(done))
