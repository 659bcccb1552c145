"""Setting notification preferences: the team those of anybody, a client its own (R13)."""

import strawberry

from graph.context import Info, client_of, signed_in
from graph.errors import Payload, cursor_of, refusable
from graph.ids import Kind, key_of
from graph.inputs import given
from graph.loaders import seen
from graph.portal import Portal, portal_of
from graph.preferences import NotificationPreferenceInput, preferences_of
from graph.toggles import Toggles
from models.toggles import PreferencesWish, preferring


@strawberry.input(description="Preferences that are not named stay as they are.")
class TogglesPreferencesInput:
    account_id: strawberry.ID
    address_id: strawberry.ID
    preferences: list[NotificationPreferenceInput]
    expected_version: int | None = strawberry.UNSET

    def wish(self) -> PreferencesWish:
        return PreferencesWish(
            account_id=key_of(Kind.ACCOUNT, self.account_id),
            address_id=key_of(Kind.EMAIL_ADDRESS, self.address_id),
            preferences=preferences_of(self.preferences),
            expected_version=given(self.expected_version),
        )


@strawberry.input
class SetNotificationPreferencesInput:
    toggles: list[TogglesPreferencesInput]


@strawberry.type(description="`toggles` for the team, `portal` for a client.")
class SetNotificationPreferencesPayload(Payload):
    toggles: list[Toggles] | None = None
    portal: Portal | None = None


@strawberry.type
class PreferencesMutation:
    @strawberry.mutation(description="A client may set its own, for the account in use, unless the firm locks them.")
    @refusable(SetNotificationPreferencesPayload, clients=True)
    async def set_notification_preferences(
        self, info: Info, input: SetNotificationPreferencesInput
    ) -> SetNotificationPreferencesPayload:
        wishes = [toggles.wish() for toggles in input.toggles]
        done = await preferring.set_preferences(signed_in(info.context), wishes)
        if client_of(info):
            return SetNotificationPreferencesPayload(portal=await portal_of(info), cursor=cursor_of(done))
        touched = await seen(info.context.loaders.toggles, done.ids)
        return SetNotificationPreferencesPayload(toggles=Toggles.of_all(touched), cursor=cursor_of(done))
