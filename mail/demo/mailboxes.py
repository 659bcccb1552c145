"""pymap's dict backend with a disk under it: what is appended, moved or expunged is so again after a restart.

Leans on private names of pymap 0.36.7 (docs/decisions/0027); tests/test_demo_mail.py is the contract. Beyond keeping:
- a message is given back byte for byte (pymap drops the last byte of one that is all headers);
- a message nested too deep for pymap's parser is kept like any other (pymap lets the RecursionError out);
- LIST marks `Sent` with its special use (RFC 6154).
Flags (seen, answered…) live until the restart: the program never looks at them.
"""

import stat
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

from pymap.backend.dict.mailbox import MailboxData, MailboxSet, Message, _ContentCache, _ThreadCache
from pymap.concurrent import Event
from pymap.exceptions import MailboxError
from pymap.listtree import ListEntry, ListTree
from pymap.mime import MessageBody, MessageContent, MessageHeader
from pymap.parsing.message import AppendMessage
from pymap.parsing.response import ResponseCode
from pymap.parsing.specials import ObjectId
from pymap.parsing.specials.flag import Flag
from pymap.selected import SelectedMailbox

from mail.demo.kept import KeptFolder, KeptMessage, folders


class KeptMailboxSet(MailboxSet):
    """The folders of one mailbox: INBOX, Sent and what a client created. Loads what is kept when it is made."""

    def __init__(self, folder: Path, *, mailbox: str) -> None:
        super().__init__()
        self._folder = folder
        self._mailbox = mailbox
        self._inbox = self._open("INBOX")
        names = {kept_folder.name for kept_folder in folders(folder, mailbox=mailbox)} | {"Sent"}
        self._set = {name: self._open(name) for name in sorted(names - {"INBOX"})}

    @property
    def inbox(self) -> MailboxData:
        return self._inbox

    async def get_mailbox(self, name: str) -> MailboxData:
        """Refused where people took its folder on disk its rights (chmod 0), as Dovecot does; by root too."""
        mailbox = await super().get_mailbox(name)
        if isinstance(mailbox, KeptMailbox) and mailbox.is_shut:
            raise MailboxError(name, b"Permission denied.", ResponseCode.of(b"NOPERM"))
        return mailbox

    async def list_mailboxes(self) -> ListTree:
        return _TreeWithSent(self.delimiter).update("INBOX", *self._set)

    async def add_mailbox(self, name: str) -> ObjectId:
        if name in self._set:
            raise ValueError(name)
        self._set[name] = self._open(name)
        return self._set[name].mailbox_id

    async def delete_mailbox(self, name: str) -> None:
        del self._set[name]
        KeptFolder(self._folder, mailbox=self._mailbox, name=name).remove()

    async def rename_mailbox(self, before: str, after: str) -> None:
        raise ValueError(after)  # nobody needs it here, and half of it would break the ledger of a client

    def _open(self, name: str) -> "KeptMailbox":
        kept_folder = KeptFolder(self._folder, mailbox=self._mailbox, name=name)
        return KeptMailbox(self._content_cache, self._thread_cache, kept_folder)


class KeptMailbox(MailboxData):
    """One folder. Its UIDs and its UIDVALIDITY are those on disk."""

    def __init__(self, content_cache: _ContentCache, thread_cache: _ThreadCache, kept_folder: KeptFolder) -> None:
        super().__init__(content_cache, thread_cache)
        self._kept = kept_folder
        self._uid_validity = kept_folder.uid_validity(otherwise=self._uid_validity)
        self._max_uid = kept_folder.last_uid
        for message in kept_folder.messages():
            self._show(message, message.raw)

    @property
    def is_shut(self) -> bool:
        return not self._kept.path.stat().st_mode & stat.S_IRUSR

    async def append(self, append_msg: AppendMessage, *, recent: bool = False) -> Message:
        # Kept first, shown after: a UID that a client has seen must be on disk, whatever kills this process.
        # No await in between, so that no other append can take the UID.
        file = self._kept.keep(append_msg.literal, append_msg.when or datetime.now(UTC))
        message = self._show(file, append_msg.literal, append_msg.flag_set, recent=recent)
        self._max_uid = file.uid
        self._updated.set()
        return message

    async def update_selected(self, selected: SelectedMailbox, *, wait_on: Event | None = None) -> SelectedMailbox:
        """pymap's waits for the next change even where one came between the last command and IDLE (RFC 2177)."""
        sequence = selected.mod_sequence
        missed = sequence is not None and sequence < self._mod_sequences.highest
        return await super().update_selected(selected, wait_on=None if missed else wait_on)

    async def copy(self, uid: int, destination: MailboxData, *, recent: bool = False) -> int | None:
        message = self._messages.get(uid)
        if message is None:
            return None
        again = AppendMessage(_raw(message), message.internal_date, message.permanent_flags)
        return (await destination.append(again, recent=recent)).uid

    async def move(self, uid: int, destination: MailboxData, *, recent: bool = False) -> int | None:
        moved_to = await self.copy(uid, destination, recent=recent)
        if moved_to is not None:
            await self.delete([uid])
        return moved_to

    async def delete(self, uids: Iterable[int]) -> None:
        gone = list(uids)
        for uid in gone:
            self._kept.drop(uid)
        await super().delete(gone)

    def _show(self, file: KeptMessage, raw: bytes, flags: Iterable[Flag] = (), *, recent: bool = False) -> Message:
        message = Message(file.uid, file.received_at, flags, recent=recent, content=_content(raw))
        self._messages[file.uid] = message
        self._mod_sequences.update([file.uid])
        return message


def _content(raw: bytes) -> MessageContent:
    try:
        content = MessageContent.parse(raw)
    except Exception:  # RecursionError, or a header that the standard library fails on: it is mail all the same
        content = _without_structure(raw)
    content._raw = memoryview(raw)
    return content


def _without_structure(raw: bytes) -> MessageContent:
    header_lines, body_lines = MessageContent._split_lines(raw, MessageContent._find_lines(raw))
    header = MessageHeader._parse(raw, memoryview(raw), header_lines)
    plain_text = MessageBody._parse_content_type("text/plain")
    return MessageContent(raw, header, MessageBody(raw, body_lines, plain_text, []))


def _raw(message: Message) -> bytes:
    return bytes(message._content) if message._content else b""


class _TreeWithSent(ListTree):
    def list_matching(self, ref_name: str, filter_: str) -> Iterable[ListEntry]:
        for entry in super().list_matching(ref_name, filter_):
            yield _SentEntry(*astuple(entry)) if entry.name == "Sent" else entry


@dataclass(frozen=True)
class _SentEntry(ListEntry):
    @property
    def attributes(self) -> Sequence[bytes]:
        return [*super().attributes, b"Sent"]
