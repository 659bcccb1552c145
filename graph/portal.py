"""What a client sees and does: its accounts, one at a time, and its e-mails there (R19, R36, R37)."""

from dataclasses import replace
from functools import partial

import strawberry

from graph.context import Info, client_of
from graph.document import Document
from graph.email import Email
from graph.engine.completion import Shows
from graph.errors import Payload, cursor_of, refusable
from graph.ids import Kind, global_id, key_of
from graph.inputs import asked_id
from graph.node import made_id
from graph.paging import Connection, FeedConnection, connected, feed_cursor, window_of
from graph.preferences import NotificationPreference
from models import errors, notice_link, portal
from models.errors import ErrorCode
from models.ground.canonical import canonical
from models.notification_category import NotificationCategory
from models.portal import documents, emails
from models.viewer import Client


@strawberry.type
class PortalWaiting(Shows[portal.Waiting]):
    category: NotificationCategory
    count: int


@strawberry.type(
    description="All that a client may know of an account; `id` is the account's, `waitingEmails` and `waiting` since"
    " this person last worked in it: nothing in the one in use."
)
class PortalAccount(Shows[portal.PortalAccount]):
    id: strawberry.ID = made_id(Kind.ACCOUNT)
    name: str
    waiting_emails: int
    waiting: list[PortalWaiting] = strawberry.field(description="Notices, whatever Notify says: Notify is about mail.")


@strawberry.type(
    description="What a client sees. From `notify` on: of the account in use, and empty until one is picked (R36)."
)
class Portal:
    client: strawberry.Private[Client]
    id: strawberry.ID = strawberry.field(description="One for each person, by which caches know it again.")
    accounts: list[PortalAccount] = strawberry.field(description="Where Login is on for the address that signed in.")
    account: PortalAccount | None = strawberry.field(
        description="The one in use; picked by itself where there is only one."
    )
    show_account_notice: bool
    notify: bool
    notification_preferences: list[NotificationPreference]
    may_set_preferences: bool
    email_sync: bool = strawberry.field(description="On: there is an Emails tab (R19).")

    @classmethod
    def of(cls, client: Client, view: portal.Portal) -> "Portal":
        used = view.account
        return cls(
            client=client,
            id=global_id(Kind.PORTAL, client.user_id),
            accounts=PortalAccount.of_all(view.accounts),
            account=PortalAccount.of(used),
            show_account_notice=view.show_notice,
            notify=used is not None and used.notify,
            notification_preferences=NotificationPreference.of_all(used.notification_preferences if used else ()),
            may_set_preferences=used is not None and used.may_set_preferences,
            email_sync=view.shows_emails,
        )

    @strawberry.field(
        description="Where a notice's path leads, below the firm's `softwareUrl`. Null: nowhere, or none is in use."
    )
    async def software_link(self, path: str) -> str | None:
        return await notice_link.leads_on(self.client, path)

    @strawberry.field(description="Newest first.")
    async def emails(self, info: Info, first: int | None = None, after: str | None = None) -> FeedConnection[Email]:
        client, about = self.client, canonical("emails of a client", self.client.account_id)
        window = window_of(about, first=first, after=after)
        stood = await feed_cursor(info)
        page = await emails.page(client, window)
        count = partial(emails.count, client)
        return connected(FeedConnection[Email], page, about, node=Email.of, count=count, feed_cursor=stood)

    @strawberry.field(description="Those saved from its e-mails, newest first (R20).")
    async def documents(self, info: Info, first: int | None = None, after: str | None = None) -> Connection[Document]:
        client, about = self.client, canonical("documents of a client", self.client.account_id)
        window = window_of(about, first=first, after=after)
        page, count = await documents.page(client, window), partial(documents.count, client)
        return connected(Connection[Document], page, about, node=Document.of, count=count)


async def portal_of(info: Info) -> Portal | None:
    """Null for a colleague."""
    client = client_of(info)
    return Portal.of(client, await portal.of(client)) if client else None


@strawberry.type
class PortalQuery:
    @strawberry.field(
        description="Null unless a client asks. `accountId`: the account that the page shows; where the session has"
        " moved on, refused as ACCOUNT_SWITCHED (R37)."
    )
    async def portal(self, info: Info, account_id: strawberry.ID | None = None) -> Portal | None:
        client, key = client_of(info), asked_id(Kind.ACCOUNT, account_id)
        if client and key:
            portal.must_be_in(client, key)
        return await portal_of(info)


@strawberry.input
class SelectAccountInput:
    account_id: strawberry.ID


@strawberry.type
class SelectAccountPayload(Payload):
    portal: Portal | None = None


@strawberry.input(description="`accountId`: the account that the notice names.")
class DismissAccountNoticeInput:
    account_id: strawberry.ID


@strawberry.type
class DismissAccountNoticePayload(Payload):
    portal: Portal | None = None


@strawberry.type
class PortalMutation:
    @strawberry.mutation(
        description="A client's. Picks or switches the account of this session; its subscriptions end (R36, R37)."
    )
    @refusable(SelectAccountPayload, clients=True)
    async def select_account(self, info: Info, input: SelectAccountInput) -> SelectAccountPayload:
        done = await portal.select(_client(info), key_of(Kind.ACCOUNT, input.account_id))
        info.context.viewer = replace(_client(info), account_id=done.ids[0])
        info.context.forget()
        return SelectAccountPayload(portal=await portal_of(info), cursor=cursor_of(done))

    @strawberry.mutation(description="A client's. Until the next sign-in (R37).")
    @refusable(DismissAccountNoticePayload, clients=True)
    async def dismiss_account_notice(self, info: Info, input: DismissAccountNoticeInput) -> DismissAccountNoticePayload:
        await portal.dismiss_notice(_client(info), key_of(Kind.ACCOUNT, input.account_id))
        return DismissAccountNoticePayload(portal=await portal_of(info))


def _client(info: Info) -> Client:
    """Raises NOT_ALLOWED for a colleague."""
    if (client := client_of(info)) is None:
        raise errors.Refusal(ErrorCode.NOT_ALLOWED, "Only a client has a portal.")
    return client
