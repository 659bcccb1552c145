"""What a visit to a mailbox is made with."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

from mail.imap import FolderState, Imap, ImapError
from mail.parsing import ParserPool
from mail.submission.line import ANSWER_SECONDS
from models.mailbox.lease import Leased

BATCHES_AT_ONCE = 4
"""Of one process, each of 8 MB or one message (small ones aside): what bounds its memory, whatever its mailboxes."""


@dataclass(frozen=True, slots=True)
class Tools:
    """
    `development`: mail servers on private addresses will do. `slice_seconds`: a folder's turn in a long history.
    `answer_within`: seconds that a server has to say whether it takes an e-mail.
    """

    parsers: ParserPool
    development: bool = False
    timeout: float = 30.0
    slice_seconds: float = 10.0
    answer_within: float = ANSWER_SECONDS
    batches: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(BATCHES_AT_ONCE))


@dataclass(slots=True)
class Noted:
    """
    What is known of a mailbox while the line holds. `changed`: folders to be opened whatever their figures say.
    `compared`: those whose ledger has been compared with the server UID by UID. `watched`: the folder where arrivals
    come first, as it was seen. Of this pass: `called`: something came there; `brought`: anything was found or
    fetched. `blamed`: what went wrong is put down to a message.
    """

    changed: set[str] = field(default_factory=set)
    compared: set[UUID] = field(default_factory=set)
    watched: tuple[str, FolderState] | None = None
    called: bool = False
    brought: bool = False
    blamed: bool = False

    def begin(self) -> None:
        """A pass."""
        self.called = self.brought = self.blamed = False

    def saw(self, folder_name: str, state: FolderState) -> None:
        if self.watched and self.watched[0] == folder_name:
            self.watched = (folder_name, state)


@dataclass(frozen=True, slots=True)
class Visit:
    """One mailbox, leased and signed in to."""

    leased: Leased
    imap: Imap
    tools: Tools
    noted: Noted = field(default_factory=Noted)


class FolderMissing(ImapError):
    """There is no folder that could be read."""
