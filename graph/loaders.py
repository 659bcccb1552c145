"""Each relation is read in one statement for all that ask for it. A loader lives for one operation, or one event."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from functools import cached_property, partial
from typing import TypeVar
from uuid import UUID

import models.account
import models.address
import models.bulk_update
import models.client_import
import models.contact
import models.document
import models.email
import models.email_field
import models.invitation
import models.journal
import models.mailbox
import models.notice
import models.notification
import models.team
import models.toggles
from graph.loading import Loader
from models.contact import LinkedContactView
from models.viewer import Viewer

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
W = TypeVar("W")
H = TypeVar("H", bound=Hashable)
Read = Callable[[Viewer, Sequence[K]], Awaitable[dict[K, V]]]
ReadHow = Callable[[Viewer, Sequence[UUID], H], Awaitable[dict[UUID, V]]]


def by_id(read: Read[K, V]) -> "cached_property[Loader[K, V | None]]":
    return cached_property(lambda loaders: loaders.reading(read, None))


def lists(read: Read[K, list[V]]) -> "cached_property[Loader[K, list[V]]]":
    return cached_property(lambda loaders: loaders.reading(read, []))


def counts(read: Read[UUID, int]) -> "cached_property[Loader[UUID, int]]":
    return cached_property(lambda loaders: loaders.reading(read, 0))


def pages(read: ReadHow[H, V]) -> "cached_property[Loader[tuple[UUID, H], V]]":
    """Keys: a parent's id, and the page of it (or whatever else is the same for all that one statement reads)."""
    return cached_property(lambda loaders: Loader(partial(_by_how, read, loaders.viewer)))


class Loaders:
    """
    Named by what they give. By id: None where the viewer may not see it. Lists: empty.

    Nothing here refers back to this object, so that all that was read is freed as soon as the operation is over: a
    cycle would wait for the garbage collector, a page of a thousand rows after the other.
    """

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer

    def reading(self, read: Read[K, V], nothing: W) -> Loader[K, V | W]:
        """`nothing`: the value of a key for which nothing is read."""
        return Loader(partial(_in_order, read, self.viewer, nothing))

    account = by_id(models.account.by_ids)
    account_toggles = lists(models.toggles.of_accounts)
    account_emails = pages(models.email.of_accounts)
    account_email_count = counts(models.email.counts_of_accounts)
    account_documents = pages(models.document.of_accounts)
    account_document_count = counts(models.document.counts_of_accounts)
    account_notices = pages(models.notice.of_accounts)
    account_notice_count = counts(models.notice.counts_of_accounts)
    bulk_update = by_id(models.bulk_update.by_ids)
    bulk_update_items = pages(models.bulk_update.items_of_runs)
    bulk_update_item_count = pages(models.bulk_update.item_counts_of_runs)
    client_import = by_id(models.client_import.by_ids)
    import_errors = pages(models.client_import.errors_of_imports)
    import_error_count = pages(models.client_import.error_counts_of_imports)
    contact = by_id(models.contact.by_ids)
    contact_emails = lists(models.contact.emails_of)
    contact_accounts = pages(models.account.of_contacts)
    contact_account_count = counts(models.account.counts_of_contacts)
    email_field = by_id(models.email_field.by_ids)
    address = by_id(models.address.by_ids)
    address_of_portal_user = by_id(models.address.address_of_portal_users)
    toggles = by_id(models.toggles.by_ids)
    toggles_invitation = by_id(models.invitation.of_toggles)
    invitation = by_id(models.invitation.by_ids)
    member = by_id(models.team.by_ids)
    mailbox = by_id(models.mailbox.by_ids)
    mailbox_health = by_id(models.mailbox.health_of)
    email = by_id(models.email.by_ids)
    email_body = by_id(models.email.bodies)
    participants = lists(models.email.participants_of)
    attachments = lists(models.email.attachments_of)
    attachment = by_id(models.email.attachments_by_ids)
    attachment_documents = lists(models.document.of_attachments)
    document = by_id(models.document.by_ids)
    email_accounts = lists(models.email.accounts_of)
    notice = by_id(models.notice.by_ids)
    notice_recipients = lists(models.notice.recipients_of)
    notice_letters = lists(models.notice.letters_of)
    notification = by_id(models.notification.by_ids)
    journal_entry = by_id(models.journal.by_ids)

    @cached_property
    def linked_contacts(self) -> Loader[UUID, list[LinkedContactView]]:
        """Also teaches the loader of contacts, which need not read them again."""
        contacts = self.contact

        async def read(viewer: Viewer, ids: Sequence[UUID]) -> dict[UUID, list[LinkedContactView]]:
            by_account = await models.contact.linked_to(viewer, ids)
            contacts.learn(
                {
                    linked.contact.id: linked.contact
                    for contacts_of_it in by_account.values()
                    for linked in contacts_of_it
                }
            )
            return by_account

        return self.reading(read, [])


async def _in_order(read: Read[K, V], viewer: Viewer, nothing: W, keys: list[K]) -> list[V | W]:
    values = await read(viewer, keys)
    return [values.get(key, nothing) for key in keys]


async def _by_how(read: ReadHow[H, V], viewer: Viewer, keys: list[tuple[UUID, H]]) -> list[V]:
    parents: dict[H, list[UUID]] = defaultdict(list)
    for parent, how in keys:
        parents[how].append(parent)
    values = {how: await read(viewer, ids, how) for how, ids in parents.items()}
    return [values[how][parent] for parent, how in keys]


async def there(loader: Loader[K, V | None], keys: Sequence[K]) -> list[V]:
    """In order; rows of the viewer's firm refer to them, so that all exist."""
    values = await loader.all(keys)
    assert None not in values
    return values  # type: ignore[return-value]


async def seen(loader: Loader[K, V | None], keys: Sequence[K]) -> list[V]:
    """Those that the viewer may see, in order."""
    return [value for value in await loader.all(keys) if value is not None]
