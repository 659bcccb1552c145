"""A mailbox of a team member or of the firm, polled by the system; its health, and the ledger of all that was found."""

from models.mailbox.connecting import NewMailbox, connect
from models.mailbox.disconnecting import disconnect
from models.mailbox.listing import (
    Backfill,
    FolderHealth,
    MailboxHealth,
    MailboxView,
    Quarantined,
    by_ids,
    health_of,
    of_firm,
)
from models.mailbox.mailbox import MailboxState, SkipReason, StoredEmails
from models.mailbox.mending import MailboxChange, left_by, update
from models.mailbox.ports import limit_ports, take_up_ports
from models.mailbox.reading_again import sync_now
from models.mailbox.secret import OAuth, Secret
from models.mailbox.server import MailSecurity, MailServer

__all__ = [
    "Backfill",
    "FolderHealth",
    "MailSecurity",
    "MailServer",
    "MailboxChange",
    "MailboxHealth",
    "MailboxState",
    "MailboxView",
    "NewMailbox",
    "OAuth",
    "Quarantined",
    "Secret",
    "SkipReason",
    "StoredEmails",
    "by_ids",
    "connect",
    "disconnect",
    "health_of",
    "left_by",
    "limit_ports",
    "of_firm",
    "sync_now",
    "take_up_ports",
    "update",
]
