"""
Mail servers that keep a copy of what is sent through them by themselves: Gmail, and Microsoft's own. An Exchange that a
firm runs itself keeps none of what programs send through it: as of all others, it is found out.
"""

from mail.imap import Imap
from models.mailbox.lease import Leased

GMAIL = {"gmail.com", "googlemail.com"}
MICROSOFT = {"outlook.com", "office365.com", "office365.us", "hotmail.com", "live.com", "outlook.cn", "office.de"}


def keeps_copies(leased: Leased, imap: Imap) -> bool:
    """As far as anybody knows before it is found out."""
    return imap.is_gmail or (is_a_provider(leased.server.host) and is_a_provider(leased.smtp.host))


def is_a_provider(host: str) -> bool:
    """Whether it is a host of theirs."""
    return ".".join(host.casefold().rstrip(".").split(".")[-2:]) in GMAIL | MICROSOFT
