"""What a client may see: itself, and its own e-mails of the account in use (R19). All else is the team's."""

from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from graph.loaders import Loaders
from graph.loading import Loader
from models import address
from models.address import EmailAddressView
from models.email import AttachmentView, EmailBody, EmailView
from models.participant import Participant
from models.portal import emails
from models.viewer import Client, System, Viewer

V = TypeVar("V")
Read = Callable[[Client, Sequence[UUID]], Awaitable[dict[UUID, V]]]


class ClientLoaders(Loaders):
    """`stranger`: who the client is to everything that is the team's."""

    def __init__(self, client: Client, stranger: Viewer) -> None:
        super().__init__(stranger)
        self.client = client

    def _mine(self, read: Read[V]) -> Callable[[Viewer, Sequence[UUID]], Awaitable[dict[UUID, V]]]:
        client = self.client

        async def read_mine(_: Viewer, ids: Sequence[UUID]) -> dict[UUID, V]:
            return await read(client, ids)

        return read_mine

    @cached_property
    def email(self) -> Loader[UUID, EmailView | None]:
        return self._one(self._mine(emails.by_ids))

    @cached_property
    def email_body(self) -> Loader[UUID, EmailBody | None]:
        return self._one(self._mine(emails.bodies))

    @cached_property
    def participants(self) -> Loader[UUID, list[Participant]]:
        return self._many(self._mine(emails.participants_of))

    @cached_property
    def attachments(self) -> Loader[UUID, list[AttachmentView]]:
        return self._many(self._mine(emails.attachments_of))

    @cached_property
    def attachment(self) -> Loader[UUID, AttachmentView | None]:
        return self._one(self._mine(emails.attachments_by_ids))

    @cached_property
    def address(self) -> Loader[UUID, EmailAddressView | None]:
        return self._one(self._mine(_own_address))

    @cached_property
    def address_of_portal_user(self) -> Loader[UUID, UUID | None]:
        return self._one(self._mine(_own_identity))


async def _own_address(by: Client, ids: Sequence[UUID]) -> dict[UUID, EmailAddressView]:
    return await address.by_ids(System(by.firm_id), [one for one in ids if one == by.address_id])


async def _own_identity(by: Client, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    return {by.user_id: by.address_id} if by.user_id in ids else {}
