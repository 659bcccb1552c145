"""An e-mail address and the identity behind it."""

from datetime import datetime
from uuid import UUID

import strawberry

from graph.context import Info
from graph.ids import Kind, global_id
from graph.node import Node
from models.address import EmailAddressView, PortalUserView


@strawberry.type(description="The identity behind an activated address, on however many accounts (R8).")
class PortalUser(Node):
    address_key: strawberry.Private[UUID]
    activated_at: datetime
    last_sign_in_at: datetime | None

    @classmethod
    def of(cls, view: PortalUserView) -> "PortalUser":
        return cls(
            id=global_id(Kind.PORTAL_USER, view.id),
            address_key=view.address_id,
            activated_at=view.activated_at,
            last_sign_in_at=view.last_sign_in_at,
        )

    @strawberry.field
    async def address(self, info: Info) -> "EmailAddress":
        return await address_there(info, self.address_key)


@strawberry.type
class EmailAddress(Node):
    address: str = strawberry.field(description="As it was typed; compared without regard to case.")
    portal_user: PortalUser | None = strawberry.field(description="Null until activated.")

    @classmethod
    def of(cls, view: EmailAddressView) -> "EmailAddress":
        user = PortalUser.of(view.portal_user) if view.portal_user else None
        return cls(id=global_id(Kind.EMAIL_ADDRESS, view.id), address=view.address, portal_user=user)


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
