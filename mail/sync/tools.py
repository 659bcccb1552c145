"""What a visit to a mailbox is made with."""

import asyncio
from dataclasses import dataclass, field

from mail.imap import Imap, ImapError
from mail.parsing import ParserPool
from models.errors import ErrorCode
from models.mailbox.lease import Leased

BATCHES_AT_ONCE = 4
"""Of one process, each of 8 MB or one message (small ones aside): what bounds its memory, whatever its mailboxes."""


@dataclass(frozen=True, slots=True)
class Tools:
    """`development`: mail servers on private addresses will do. `slice_seconds`: a folder's turn in a long history."""

    parsers: ParserPool
    development: bool = False
    timeout: float = 30.0
    slice_seconds: float = 10.0
    batches: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(BATCHES_AT_ONCE))


@dataclass(frozen=True, slots=True)
class Visit:
    """One mailbox, leased and signed in to."""

    leased: Leased
    imap: Imap
    tools: Tools


class FiguresDisagree(ImapError):
    """The server's list and its count do not agree with each other, however often they are asked."""

    code = ErrorCode.MAILBOX_FIGURES_DISAGREE


class FolderMissing(ImapError):
    """The folder that the mailbox names is not there."""
