"""What colleagues get of their Inbox+ by letter: one for an entry, or one a day (R38)."""

from models.inbox_mail.digests import KEPT_FOR, write_digests
from models.inbox_mail.entries import write_entries
from models.inbox_mail.messenger import Messenger

__all__ = ["KEPT_FOR", "Messenger", "write_digests", "write_entries"]
