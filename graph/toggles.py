"""The three switches of one address on one account (R1)."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from graph.address import EmailAddress
from graph.context import Context, Info, viewer_of
from graph.engine.completion import Shows, relation
from graph.errors import Payload, cursor_of, refusable
from graph.ids import Kind, key_of
from graph.inputs import InviteInput, given, invite_of
from graph.invitation import Invitation
from graph.loaders import seen, there
from graph.node import Node, made_id, reads
from graph.preferences import NotificationPreference, NotificationPreferenceInput, preferences_of
from models.at_once import MOST_AT_ONCE
from models.journal import Entry, JournalKind
from models.toggles import LoginState, NewToggles, TogglesView, TogglesWish, setting

if TYPE_CHECKING:
    from graph.account import Account
    from graph.contact import Contact

strawberry.enum(
    LoginState, description="PENDING: on, and the person has not activated yet. ACTIVE: on and activated (R5)."
)


@strawberry.type(description="The three switches of one address on one account (R1).")
class Toggles(Node, Shows[TogglesView]):
    id: strawberry.ID = made_id(Kind.TOGGLES)
    login: bool
    notify: bool
    email_sync: bool
    login_state: LoginState
    notification_preferences: list[NotificationPreference] = strawberry.field(
        description="All eight, whether Notify is on or not."
    )
    version: int
    address: EmailAddress

    @relation
    @staticmethod
    async def account(
        toggles: Sequence[TogglesView], context: Context
    ) -> list[Annotated["Account", strawberry.lazy("graph.account")]]:
        from graph.account import Account

        return Account.of_all(await there(context.loaders.account, [view.account_id for view in toggles]))

    @relation(description="Those of this account that hold the address; none: an unlinked email.")
    @staticmethod
    async def contacts(
        toggles: Sequence[TogglesView], context: Context
    ) -> list[list[Annotated["Contact", strawberry.lazy("graph.contact")]]]:
        from graph.contact import Contact

        keys = dict.fromkeys(key for view in toggles for key in view.contact_ids)
        contacts = {contact.id: Contact.of(contact) for contact in await seen(context.loaders.contact, list(keys))}
        return [[contacts[key] for key in view.contact_ids if key in contacts] for view in toggles]

    @relation(description="The last one. Null where Login has never been on.")
    @staticmethod
    async def invitation(toggles: Sequence[TogglesView], context: Context) -> list[Invitation | None]:
        invitations = await context.loaders.toggles_invitation.all([view.id for view in toggles])
        return [Invitation.of(view) for view in invitations]


@reads(Kind.TOGGLES)
async def toggles_of(info: Info, key: UUID) -> Toggles | None:
    view = await info.context.loaders.toggles.load(key)
    return Toggles.of(view) if view and (view.held or view.login) else None


async def brought_by_links(info: Info, entries: Sequence[Entry]) -> list[UUID]:
    """The toggles of a contact on accounts that it was just linked to, of 100 accounts at most."""
    linked: defaultdict[UUID, set[UUID | None]] = defaultdict(set)
    for entry in entries:
        if entry.kind == JournalKind.CONTACT_LINKED:
            linked[entry.account_ids[0]].add(entry.subject_id)
    accounts = list(linked)[:MOST_AT_ONCE]
    views = zip(accounts, await info.context.loaders.account_toggles.all(accounts), strict=True)
    brought = {view.id: view for key, held in views for view in held if not linked[key].isdisjoint(view.contact_ids)}
    info.context.loaders.toggles.learn(brought)
    return list(brought)


@strawberry.input(description="A switch that is null or absent stays as it is.")
class TogglesInput:
    account_id: strawberry.ID
    address_id: strawberry.ID
    login: bool | None = strawberry.UNSET
    notify: bool | None = strawberry.UNSET
    email_sync: bool | None = strawberry.UNSET
    invite: InviteInput | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET

    def wish(self) -> TogglesWish:
        return TogglesWish(
            account_id=key_of(Kind.ACCOUNT, self.account_id),
            address_id=key_of(Kind.EMAIL_ADDRESS, self.address_id),
            login=given(self.login),
            notify=given(self.notify),
            email_sync=given(self.email_sync),
            expected_version=given(self.expected_version),
            invite=invite_of(self.invite),
        )


@strawberry.input(
    description="What a new link starts with, all off unless given (R4). Preferences that are not named are on, or as"
    " they are where another contact of the account holds the address."
)
class NewTogglesInput:
    login: bool = False
    notify: bool = False
    email_sync: bool = False
    notification_preferences: list[NotificationPreferenceInput] = strawberry.field(default_factory=list)
    invite: InviteInput | None = strawberry.UNSET

    def asked(self) -> NewToggles:
        preferences = preferences_of(self.notification_preferences)
        return NewToggles(self.login, self.notify, self.email_sync, invite_of(self.invite), preferences)


@strawberry.input
class SetTogglesInput:
    toggles: list[TogglesInput]
    idempotency_key: str | None = strawberry.UNSET


@strawberry.type
class SetTogglesPayload(Payload):
    toggles: list[Toggles] | None = None


@strawberry.type
class TogglesMutation:
    @strawberry.mutation
    @refusable(SetTogglesPayload)
    async def set_toggles(self, info: Info, input: SetTogglesInput) -> SetTogglesPayload:
        wishes = [toggles.wish() for toggles in input.toggles]
        done = await setting.set_toggles(viewer_of(info), wishes, key=given(input.idempotency_key))
        touched = await seen(info.context.loaders.toggles, done.ids)
        return SetTogglesPayload(toggles=Toggles.of_all(touched), cursor=cursor_of(done))
