"""
The door to IMAP: the only importer of aioimaplib. It reads (EXAMINE, BODY.PEEK), and changes nothing of what lies in a
mailbox; what was sent from here it can put there (APPEND).

async with await Imap.connect(server, username=…, password=…) as imap:
    state = await imap.examine("INBOX")
    async for found in imap.headers(await imap.uids(1, state.uidnext - 1)): …
"""

from mail.imap.appending import Appended
from mail.imap.client import Imap
from mail.imap.dates import NO_DATE
from mail.imap.errors import Busy, Garbage, ImapError, NoImap, Refused, SecretRefused, TlsFailed, Unreachable
from mail.imap.fetching import BEGINNING, MESSAGE_LIMIT, Gone, Header, Message, Unfetchable
from mail.imap.folders import Folder, FolderState

__all__ = [
    "BEGINNING",
    "MESSAGE_LIMIT",
    "NO_DATE",
    "Appended",
    "Busy",
    "Folder",
    "FolderState",
    "Garbage",
    "Gone",
    "Header",
    "Imap",
    "ImapError",
    "Message",
    "NoImap",
    "Refused",
    "SecretRefused",
    "TlsFailed",
    "Unfetchable",
    "Unreachable",
]
