"""A contact: a person, with at most one address per e-mail field (R32), linked to any number of accounts."""

from models.contact.changing import ContactEmail, create, delete, update
from models.contact.linking import ExistingContact, LinkedContact, link, unlink
from models.contact.listing import (
    ContactEmailView,
    ContactFilter,
    ContactOrder,
    ContactView,
    LinkedContactView,
    LinkedEmailView,
    by_ids,
    count,
    emails_of,
    linked_to,
    page,
)
from models.contact.making import FieldRef, NewContact, NewEmail
from models.contact.unlinked import delete_email, link_email

__all__ = [
    "ContactEmail",
    "ContactEmailView",
    "ContactFilter",
    "ContactOrder",
    "ContactView",
    "ExistingContact",
    "FieldRef",
    "LinkedContact",
    "LinkedContactView",
    "LinkedEmailView",
    "NewContact",
    "NewEmail",
    "by_ids",
    "count",
    "create",
    "delete",
    "delete_email",
    "emails_of",
    "link",
    "link_email",
    "linked_to",
    "page",
    "unlink",
    "update",
]
