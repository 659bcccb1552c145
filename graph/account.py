"""Accounts, as the team sees them."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from graph.contact import LinkedContact
from graph.context import Context, Info, viewer_of
from graph.document import Document
from graph.engine.completion import Shows, relation
from graph.ids import Kind
from graph.inputs import SEARCH, given, optional
from graph.node import Node, made_id, reads
from graph.notice import Notice
from graph.paging import Connection, FeedConnection, connected, feed_cursor, window_of
from graph.toggles import Toggles
from models import account
from models.account import AccountFilter, AccountKind, AccountOrder, AccountView, LoginIndicator, LoginStatus
from models.ground.canonical import canonical
from models.invitation import InvitationState

if TYPE_CHECKING:
    from graph.email import Email

strawberry.enum(AccountKind)
strawberry.enum(AccountOrder)
strawberry.enum(
    LoginStatus,
    description="OFFLINE: no address with Login on. PENDING: at least one, none activated. ACTIVE: at least one"
    " activated (R11).",
)
strawberry.enum(LoginIndicator, description="GREEN for ACTIVE and PENDING, BEIGE for OFFLINE.")
EmailPage = FeedConnection[Annotated["Email", strawberry.lazy("graph.email")]]


@strawberry.type(description="A client of the firm, as the team sees it.")
class Account(Node, Shows[AccountView]):
    id: strawberry.ID = made_id(Kind.ACCOUNT)
    code: str
    name: str
    kind: AccountKind
    archived: bool
    login_status: LoginStatus
    login_indicator: LoginIndicator
    notify: bool = strawberry.field(description="On for at least one address (R11); so too `emailSync`.")
    email_sync: bool
    version: int

    @relation
    @staticmethod
    async def contacts(accounts: Sequence[AccountView], context: Context) -> list[list[LinkedContact]]:
        linked = await context.loaders.linked_contacts.all([account.id for account in accounts])
        return [LinkedContact.of_all(views) for views in linked]

    @relation(description="One per address, unlinked emails included.")
    @staticmethod
    async def toggles(accounts: Sequence[AccountView], context: Context) -> list[list[Toggles]]:
        toggles_of_each = await context.loaders.account_toggles.all([account.id for account in accounts])
        return [Toggles.of_all(views) for views in toggles_of_each]

    @relation(description="Of addresses that may still enter but belong to no contact any more (R34).")
    @staticmethod
    async def unlinked_emails(accounts: Sequence[AccountView], context: Context) -> list[list[Toggles]]:
        toggles_of_each = await context.loaders.account_toggles.all([account.id for account in accounts])
        return [[Toggles.of(view) for view in views if not view.held] for views in toggles_of_each]

    @strawberry.field(description="Newest first.")
    @staticmethod
    async def emails(
        parent: strawberry.Parent[AccountView], info: Info, first: int | None = None, after: str | None = None
    ) -> EmailPage:
        from graph.email import Email

        about = canonical("emails of an account", parent.id)
        window = window_of(about, first=first, after=after)
        stood = await feed_cursor(info)
        page = await info.context.loaders.account_emails.load((parent.id, window))
        count = partial(info.context.loaders.account_email_count.load, parent.id)
        return connected(EmailPage, page, about, node=Email.of, count=count, feed_cursor=stood)

    @strawberry.field(description="Newest first (R20).")
    @staticmethod
    async def documents(
        parent: strawberry.Parent[AccountView], info: Info, first: int | None = None, after: str | None = None
    ) -> Connection[Document]:
        about = canonical("documents of an account", parent.id)
        window = window_of(about, first=first, after=after)
        page = await info.context.loaders.account_documents.load((parent.id, window))
        count = partial(info.context.loaders.account_document_count.load, parent.id)
        return connected(Connection[Document], page, about, node=Document.of, count=count)

    @strawberry.field(description="What its clients were told, newest first (R14).")
    @staticmethod
    async def notices(
        parent: strawberry.Parent[AccountView], info: Info, first: int | None = None, after: str | None = None
    ) -> Connection[Notice]:
        about = canonical("notices of an account", parent.id)
        page = await info.context.loaders.account_notices.load((parent.id, window_of(about, first=first, after=after)))
        count = partial(info.context.loaders.account_notice_count.load, parent.id)
        return connected(Connection[Notice], page, about, node=Notice.of, count=count)


@reads(Kind.ACCOUNT)
async def account_of(info: Info, key: UUID) -> Account | None:
    return Account.of(await info.context.loaders.account.load(key))


@strawberry.input(name="AccountFilter")
class AccountFilterInput:
    search: str | None = optional(
        f"Beginnings of words, in any order: code, name, names and addresses of contacts. {SEARCH}"
    )
    kinds: list[AccountKind] | None = strawberry.UNSET
    login_statuses: list[LoginStatus] | None = strawberry.UNSET
    invitations: list[InvitationState] | None = optional(
        "With a PENDING address whose last invitation is in one of these states."
    )
    notify: bool | None = strawberry.UNSET
    email_sync: bool | None = strawberry.UNSET
    archived: bool | None = strawberry.field(default=False, description="null: archived or not.")

    def asked(self) -> AccountFilter:
        kinds, statuses, invitations = given(self.kinds), given(self.login_statuses), given(self.invitations)
        return AccountFilter(
            search=given(self.search),
            kinds=None if kinds is None else tuple(kinds),
            login_statuses=None if statuses is None else tuple(statuses),
            invitations=None if invitations is None else tuple(invitations),
            notify=given(self.notify),
            email_sync=given(self.email_sync),
            archived=self.archived,
        )


@strawberry.type
class AccountQuery:
    @strawberry.field
    async def accounts(
        self,
        info: Info,
        filter: AccountFilterInput | None = None,
        order_by: AccountOrder = AccountOrder.NAME_ASC,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> FeedConnection[Account]:
        viewer = viewer_of(info)
        condition = filter.asked() if filter else AccountFilter()
        about = canonical("accounts", (order_by.name, condition))
        window = window_of(about, first=first, after=after, last=last, before=before)
        stood = await feed_cursor(info)
        page = await account.page(viewer, condition, order_by, window)
        count = partial(account.count, viewer, condition)
        return connected(FeedConnection[Account], page, about, node=Account.of, count=count, feed_cursor=stood)
