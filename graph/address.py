"""An e-mail address and the identity behind it."""

from datetime import datetime
from uuid import UUID

import strawberry

from graph.context import Info, viewer_of
from graph.engine.completion import Shows
from graph.errors import Payload, cursor_of, refusable
from graph.ids import Kind, key_of
from graph.node import Node, made_id, reads
from models import suppression
from models.address import EmailAddressView, PortalUserView, SuppressionView


@strawberry.type(description="The identity behind an activated address, on however many accounts (R8).")
class PortalUser(Node, Shows[PortalUserView]):
    id: strawberry.ID = made_id(Kind.PORTAL_USER)
    activated_at: datetime
    last_sign_in_at: datetime | None

    @strawberry.field
    @staticmethod
    async def address(parent: strawberry.Parent[PortalUserView], info: Info) -> "EmailAddress":
        return await address_there(info, parent.address_id)


@strawberry.type(description="Nothing is sent there (R17). The reason is in plain words.")
class Suppression(Shows[SuppressionView]):
    since: datetime
    reason: str


@strawberry.type
class EmailAddress(Node, Shows[EmailAddressView]):
    id: strawberry.ID = made_id(Kind.EMAIL_ADDRESS)
    address: str = strawberry.field(description="As it was typed; compared without regard to case.")
    suppressed: Suppression | None
    portal_user: PortalUser | None = strawberry.field(description="Null until activated.")


@reads(Kind.EMAIL_ADDRESS)
async def address_of(info: Info, key: UUID) -> EmailAddress | None:
    return EmailAddress.of(await info.context.loaders.address.load(key))


async def address_there(info: Info, key: UUID) -> EmailAddress:
    """An address that a row of the viewer's firm refers to, so that it must exist."""
    address = await address_of(info, key)
    assert address is not None
    return address


@reads(Kind.PORTAL_USER)
async def portal_user_of(info: Info, key: UUID) -> PortalUser | None:
    address_key = await info.context.loaders.address_of_portal_user.load(key)
    return (await address_there(info, address_key)).portal_user if address_key else None


@strawberry.input
class LiftSuppressionInput:
    address_id: strawberry.ID


@strawberry.type
class LiftSuppressionPayload(Payload):
    address: EmailAddress | None = None


@strawberry.type
class AddressMutation:
    @strawberry.mutation(description="Letters go there again (R17).")
    @refusable(LiftSuppressionPayload)
    async def lift_suppression(self, info: Info, input: LiftSuppressionInput) -> LiftSuppressionPayload:
        done = await suppression.lift(viewer_of(info), key_of(Kind.EMAIL_ADDRESS, input.address_id))
        return LiftSuppressionPayload(address=await address_of(info, done.ids[0]), cursor=cursor_of(done))
