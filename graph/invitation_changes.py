"""Invitations: sent, sent again, taken back."""

from uuid import UUID

import strawberry

from graph.context import Info, viewer_of
from graph.errors import Payload, cursor_of, refusable
from graph.ids import Kind, key_of
from graph.inputs import given
from graph.invitation import Invitation, invitation_of
from graph.loaders import seen
from graph.toggles import Toggles
from models import invitation


@strawberry.input
class TogglesKeyInput:
    account_id: strawberry.ID
    address_id: strawberry.ID

    def spot(self) -> tuple[UUID, UUID]:
        return key_of(Kind.ACCOUNT, self.account_id), key_of(Kind.EMAIL_ADDRESS, self.address_id)


@strawberry.input
class SendInvitationsInput:
    toggles: list[TogglesKeyInput]
    message: str | None = strawberry.UNSET
    idempotency_key: str


@strawberry.type
class SendInvitationsPayload(Payload):
    toggles: list[Toggles] | None = None


@strawberry.input
class RevokeInvitationInput:
    id: strawberry.ID


@strawberry.type
class RevokeInvitationPayload(Payload):
    invitation: Invitation | None = None


@strawberry.type
class InvitationMutation:
    @strawberry.mutation(description="Also sends again: the old link dies (R9).")
    @refusable(SendInvitationsPayload)
    async def send_invitations(self, info: Info, input: SendInvitationsInput) -> SendInvitationsPayload:
        spots = [key.spot() for key in input.toggles]
        done = await invitation.send(viewer_of(info), spots, message=given(input.message), key=input.idempotency_key)
        toggles = await seen(info.context.loaders.toggles, done.ids)
        return SendInvitationsPayload(toggles=Toggles.of_all(toggles), cursor=cursor_of(done))

    @strawberry.mutation
    @refusable(RevokeInvitationPayload)
    async def revoke_invitation(self, info: Info, input: RevokeInvitationInput) -> RevokeInvitationPayload:
        done = await invitation.revoke(viewer_of(info), key_of(Kind.INVITATION, input.id))
        return RevokeInvitationPayload(invitation=await invitation_of(info, done.ids[0]), cursor=cursor_of(done))
