"""An e-mail address and the identity behind it."""

from datetime import datetime
from uuid import UUID

import strawberry

from graph.completion import Shows
from graph.context import Info
from graph.ids import Kind
from graph.node import Node, made_id
from models.address import EmailAddressView, PortalUserView


@strawberry.type(description="The identity behind an activated address, on however many accounts (R8).")
class PortalUser(Node, Shows[PortalUserView]):
    id: strawberry.ID = made_id(Kind.PORTAL_USER)
    activated_at: datetime
    last_sign_in_at: datetime | None

    @strawberry.field
    @staticmethod
    async def address(parent: strawberry.Parent[PortalUserView], info: Info) -> "EmailAddress":
        return await address_there(info, parent.address_id)


@strawberry.type
class EmailAddress(Node, Shows[EmailAddressView]):
    id: strawberry.ID = made_id(Kind.EMAIL_ADDRESS)
    address: str = strawberry.field(description="As it was typed; compared without regard to case.")
    portal_user: PortalUser | None = strawberry.field(description="Null until activated.")


async def address_of(info: Info, key: UUID) -> EmailAddress | None:
    view = await info.context.loaders.address.load(key)
    return EmailAddress.of(view) if view else None


async def address_there(info: Info, key: UUID) -> EmailAddress:
    """One that a row of the viewer's firm names, so that it is there."""
    found = await address_of(info, key)
    assert found is not None
    return found


async def portal_user_of(info: Info, key: UUID) -> PortalUser | None:
    address_key = await info.context.loaders.address_of_portal_user.load(key)
    return (await address_there(info, address_key)).portal_user if address_key else None


READERS = {Kind.EMAIL_ADDRESS: address_of, Kind.PORTAL_USER: portal_user_of}
