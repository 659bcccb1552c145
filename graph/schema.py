"""The schema: one class per noun, put together."""

from collections.abc import Iterator

import strawberry
from graphql.validation import NoSchemaIntrospectionCustomRule
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from graph import feed
from graph.account import AccountQuery
from graph.account_changes import AccountMutation
from graph.address import AddressMutation
from graph.api_token import ApiTokenMutation
from graph.bulk_update import BulkUpdateQuery
from graph.bulk_update_changes import BulkUpdateMutation, BulkUpdatePreviewQuery
from graph.client_import import ImportQuery
from graph.client_import_changes import ImportMutation
from graph.contact import ContactQuery
from graph.contact_changes import ContactMutation
from graph.email import EmailQuery
from graph.email_changes import EmailMutation
from graph.engine.transport import Schema
from graph.engine.transport.documents import suggest
from graph.errors import Conflict, DeadLink, RateLimited, Refusal
from graph.firm import FirmMutation, FirmQuery
from graph.invitation_changes import InvitationMutation
from graph.invitation_link import InvitationLinkMutation, InvitationLinkQuery
from graph.journal import JournalQuery
from graph.mailbox import MailboxQuery
from graph.mailbox_changes import MailboxMutation
from graph.mailbox_health import MailboxHealthMutation, MailboxHealthSubscription
from graph.node import NodeQuery
from graph.notification import NotificationMutation, NotificationQuery
from graph.notifying import NotifyingMutation
from graph.own_access import OwnAccessMutation
from graph.password_reset import PasswordResetMutation
from graph.portal import PortalMutation, PortalQuery
from graph.portal_action import PortalActionQuery
from graph.preference_changes import PreferencesMutation
from graph.process.budget import Budgeted
from graph.process.operations import Observed
from graph.run_progress import RunSubscription
from graph.scalars import SCALARS
from graph.scopes import ScopedExecutor, Scopes
from graph.sign_in import SessionMutation, SessionQuery
from graph.team import TeamMutation
from graph.toggles import TogglesMutation
from graph.unsubscribe import UnsubscribeMutation, UnsubscribeQuery


@strawberry.type(
    description="""
Pages: `first` or `last`, at most 100, 25 where neither is given; a page cursor is good for its own order and filter.
What you may not see is not there: null, an empty list or NOT_FOUND, just as for an id that never was. The lists of the
firm (accounts, contacts, emails, inbox, mailboxes, runs, journal) are the team's; `portal` is a client's.
""".strip()
)
class Query(
    SessionQuery,
    NodeQuery,
    FirmQuery,
    AccountQuery,
    ContactQuery,
    EmailQuery,
    NotificationQuery,
    MailboxQuery,
    BulkUpdateQuery,
    ImportQuery,
    BulkUpdatePreviewQuery,
    JournalQuery,
    InvitationLinkQuery,
    PortalQuery,
    PortalActionQuery,
    UnsubscribeQuery,
):
    pass


@strawberry.type(
    description="""
`errors` empty: done, and durable. Not empty: nothing was changed. In updates absent means unchanged, null cleared.
`expectedVersion` is the `version` you showed; where somebody changed it since, a Conflict brings the present state.
`idempotencyKey` is 1 to 100 characters of yours, such as a UUID: for 30 days the same key and input give the first
answer again and do nothing, and with another input are refused (R31).
A list in an input holds at most 100 and is all or nothing, unless it says otherwise. No answer waits for a mail server.
Rights: `manageAccounts` for accounts, contacts, toggles, bulk update and import; OWNER or ADMIN for mailboxes of
others; any team member for the rest; no session at all for what is called public.
""".strip()
)
class Mutation(
    SessionMutation,
    PasswordResetMutation,
    AccountMutation,
    AddressMutation,
    ContactMutation,
    FirmMutation,
    TeamMutation,
    OwnAccessMutation,
    ApiTokenMutation,
    TogglesMutation,
    PreferencesMutation,
    UnsubscribeMutation,
    InvitationMutation,
    InvitationLinkMutation,
    BulkUpdateMutation,
    ImportMutation,
    MailboxMutation,
    MailboxHealthMutation,
    EmailMutation,
    NotificationMutation,
    NotifyingMutation,
    PortalMutation,
):
    pass


@strawberry.type(
    description="""
Feeds begin with FeedReady, give every event since `after`, in order, none twice, and go on live; without `after` they
begin now (R39). To miss nothing, query, then subscribe from the `feedCursor` of what you read; or subscribe first, and
query on FeedReady. `bulkUpdateProgress`, `importProgress` and `mailboxHealth` give the present state, then the latest,
at most one a second; of all mailboxes each at once, then each that has moved.
""".strip()
)
class Subscription(feed.FeedSubscription, RunSubscription, MailboxHealthSubscription):
    pass


class HelpInDevelopment(SchemaExtension):
    """In production the schema is read from schema.graphql, not from the server, nor are names of it suggested."""

    def on_operation(self) -> Iterator[None]:
        execution = self.execution_context
        if execution.context.settings.development:
            suggest(execution)
        else:
            execution.validation_rules = (*execution.validation_rules, NoSchemaIntrospectionCustomRule)
        yield


schema = Schema(
    Query,
    Mutation,
    Subscription,
    types=[Refusal, Conflict, DeadLink, RateLimited],
    extensions=[Observed, HelpInDevelopment, Scopes, Budgeted],
    execution_context_class=ScopedExecutor,
    config=StrawberryConfig(scalar_map=SCALARS),
)
