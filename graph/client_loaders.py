"""What a client may see: itself, and its own e-mails of the account in use (R19). All else is the team's."""

from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from graph.loaders import Loaders
from graph.loading import Loader
from models import address
from models.address import EmailAddressView
from models.portal import documents, emails
from models.viewer import Client, System, Viewer

V = TypeVar("V")
Read = Callable[[Client, Sequence[UUID]], Awaitable[dict[UUID, V]]]


async def _own_address(by: Client, ids: Sequence[UUID]) -> dict[UUID, EmailAddressView]:
    return await address.by_ids(System(by.firm_id), [address_id for address_id in ids if address_id == by.address_id])


async def _own_identity(by: Client, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    return {by.user_id: by.address_id} if by.user_id in ids else {}


def own(read: Read[V]) -> "cached_property[Loader[UUID, V | None]]":
    return cached_property(lambda loaders: loaders.reading(loaders.as_client(read), None))


def own_lists(read: Read[list[V]]) -> "cached_property[Loader[UUID, list[V]]]":
    return cached_property(lambda loaders: loaders.reading(loaders.as_client(read), []))


class ClientLoaders(Loaders):
    """`stranger`: the viewer in whose name a client reads what is the team's: nothing is there for it."""

    def __init__(self, client: Client, stranger: Viewer) -> None:
        super().__init__(stranger)
        self.client = client

    def as_client(self, read: Read[V]) -> Callable[[Viewer, Sequence[UUID]], Awaitable[dict[UUID, V]]]:
        client = self.client
        return lambda _, ids: read(client, ids)

    email = own(emails.by_ids)
    email_body = own(emails.bodies)
    participants = own_lists(emails.participants_of)
    attachments = own_lists(emails.attachments_of)
    attachment = own(emails.attachments_by_ids)
    document = own(documents.by_ids)
    address = own(_own_address)
    address_of_portal_user = own(_own_identity)
