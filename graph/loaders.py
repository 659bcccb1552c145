"""Each relation is read in one statement for all that ask for it. A loader lives for one operation, or one event."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from graph.loading import Loader
from models import (
    account,
    address,
    contact,
    email,
    email_field,
    invitation,
    journal,
    mailbox,
    notification,
    team,
    toggles,
)
from models.account import AccountView
from models.address import EmailAddressView
from models.contact import ContactEmailView, ContactView, LinkedContactView
from models.email import AttachmentView, EmailBody, EmailView
from models.email_field import EmailFieldView
from models.ground.page import Page, Window
from models.invitation import InvitationView
from models.journal import Entry
from models.mailbox import MailboxHealth, MailboxView
from models.notification import NotificationView
from models.participant import Participant
from models.team import TeamMemberView
from models.toggles import TogglesView
from models.viewer import Viewer

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Windowed = tuple[UUID, Window]


class Loaders:
    """
    Named by what they give. By id: None where the viewer may not see it. Lists: empty.

    None holds on to this object, so that all that was read is freed as soon as the operation is over: with a cycle it
    would wait for the garbage collector, a page of a thousand rows after the other.
    """

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer

    def _one(self, read: Callable[[Viewer, Sequence[K]], Awaitable[dict[K, V]]]) -> Loader[K, V | None]:
        viewer = self.viewer

        async def load(keys: list[K]) -> list[V | None]:
            found = await read(viewer, keys)
            return [found.get(key) for key in keys]

        return Loader(load)

    def _many(self, read: Callable[[Viewer, Sequence[K]], Awaitable[dict[K, list[V]]]]) -> Loader[K, list[V]]:
        viewer = self.viewer

        async def load(keys: list[K]) -> list[list[V]]:
            found = await read(viewer, keys)
            return [found.get(key, []) for key in keys]

        return Loader(load)

    def _counts(self, read: Callable[[Viewer, Sequence[UUID]], Awaitable[dict[UUID, int]]]) -> Loader[UUID, int]:
        viewer = self.viewer

        async def load(keys: list[UUID]) -> list[int]:
            found = await read(viewer, keys)
            return [found.get(key, 0) for key in keys]

        return Loader(load)

    def _pages(
        self, read: Callable[[Viewer, Sequence[UUID], Window], Awaitable[dict[UUID, Page[V]]]]
    ) -> Loader[Windowed, Page[V]]:
        viewer = self.viewer

        async def load(keys: list[Windowed]) -> list[Page[V]]:
            parents: dict[Window, list[UUID]] = defaultdict(list)
            for parent, window in keys:
                parents[window].append(parent)
            pages = {window: await read(viewer, ids, window) for window, ids in parents.items()}
            return [pages[window][parent] for parent, window in keys]

        return Loader(load)

    @cached_property
    def account(self) -> Loader[UUID, AccountView | None]:
        return self._one(account.by_ids)

    @cached_property
    def linked_contacts(self) -> Loader[UUID, list[LinkedContactView]]:
        """The contacts that come along are not read again."""
        contacts = self.contact

        async def read(viewer: Viewer, ids: Sequence[UUID]) -> dict[UUID, list[LinkedContactView]]:
            found = await contact.linked_to(viewer, ids)
            contacts.learn({linked.contact.id: linked.contact for each in found.values() for linked in each})
            return found

        return self._many(read)

    @cached_property
    def account_toggles(self) -> Loader[UUID, list[TogglesView]]:
        return self._many(toggles.of_accounts)

    @cached_property
    def account_emails(self) -> Loader[Windowed, Page[EmailView]]:
        return self._pages(email.of_accounts)

    @cached_property
    def account_email_count(self) -> Loader[UUID, int]:
        return self._counts(email.counts_of_accounts)

    @cached_property
    def contact(self) -> Loader[UUID, ContactView | None]:
        return self._one(contact.by_ids)

    @cached_property
    def contact_emails(self) -> Loader[UUID, list[ContactEmailView]]:
        return self._many(contact.emails_of)

    @cached_property
    def contact_accounts(self) -> Loader[Windowed, Page[AccountView]]:
        return self._pages(account.of_contacts)

    @cached_property
    def contact_account_count(self) -> Loader[UUID, int]:
        return self._counts(account.counts_of_contacts)

    @cached_property
    def email_field(self) -> Loader[UUID, EmailFieldView | None]:
        return self._one(email_field.by_ids)

    @cached_property
    def address(self) -> Loader[UUID, EmailAddressView | None]:
        return self._one(address.by_ids)

    @cached_property
    def address_of_portal_user(self) -> Loader[UUID, UUID | None]:
        return self._one(address.address_of_portal_users)

    @cached_property
    def toggles(self) -> Loader[UUID, TogglesView | None]:
        return self._one(toggles.by_ids)

    @cached_property
    def toggles_invitation(self) -> Loader[UUID, InvitationView | None]:
        return self._one(invitation.of_toggles)

    @cached_property
    def invitation(self) -> Loader[UUID, InvitationView | None]:
        return self._one(invitation.by_ids)

    @cached_property
    def member(self) -> Loader[UUID, TeamMemberView | None]:
        return self._one(team.by_ids)

    @cached_property
    def mailbox(self) -> Loader[UUID, MailboxView | None]:
        return self._one(mailbox.by_ids)

    @cached_property
    def mailbox_health(self) -> Loader[UUID, MailboxHealth | None]:
        return self._one(mailbox.health_of)

    @cached_property
    def email(self) -> Loader[UUID, EmailView | None]:
        return self._one(email.by_ids)

    @cached_property
    def email_body(self) -> Loader[UUID, EmailBody | None]:
        return self._one(email.bodies)

    @cached_property
    def participants(self) -> Loader[UUID, list[Participant]]:
        return self._many(email.participants_of)

    @cached_property
    def attachments(self) -> Loader[UUID, list[AttachmentView]]:
        return self._many(email.attachments_of)

    @cached_property
    def attachment(self) -> Loader[UUID, AttachmentView | None]:
        return self._one(email.attachments_by_ids)

    @cached_property
    def email_accounts(self) -> Loader[UUID, list[UUID]]:
        return self._many(email.accounts_of)

    @cached_property
    def notification(self) -> Loader[UUID, NotificationView | None]:
        return self._one(notification.by_ids)

    @cached_property
    def journal_entry(self) -> Loader[UUID, Entry | None]:
        return self._one(journal.by_ids)


async def there(loader: Loader[K, V | None], keys: Sequence[K]) -> list[V]:
    """In order; rows of the viewer's firm name them, so that all are there."""
    found = await loader.all(keys)
    assert None not in found
    return found  # type: ignore[return-value]


async def seen(loader: Loader[K, V | None], keys: Sequence[K]) -> list[V]:
    """Those of them that the viewer may see, in order."""
    return [found for found in await loader.all(keys) if found is not None]
