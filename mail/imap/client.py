"""One connection to one mailbox."""

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar

from aioimaplib import aioimaplib

from mail.imap import answers
from mail.imap.appending import Appended, appended
from mail.imap.conversation import Conversation, Reply
from mail.imap.dates import date_time
from mail.imap.errors import Busy, Garbage, Refused, Unreachable
from mail.imap.fetching import (
    BATCH_HEADERS,
    BEGINNING,
    BEGINNING_ITEMS,
    GMAIL_HEADER_ITEMS,
    HEADER_ITEMS,
    MESSAGE_ITEMS,
    MESSAGE_LIMIT,
    Gone,
    Header,
    Items,
    Message,
    Unfetchable,
    bites,
    fetch,
    newest,
    numbered,
    read_header,
    read_message,
    search,
)
from mail.imap.folders import Folder, FolderState
from mail.imap.line import MB, Line
from mail.imap.listing import listed
from mail.imap.login import open_line, sign_in
from mail.imap.names import to_wire
from mail.imap.searching import NEWEST, says, search_header
from mail.imap.states import STATUS_ITEMS, figures_of, key_of, state_of, states_by_wire
from models.mailbox.server import MailServer

T = TypeVar("T")

_FIGURES = {"UIDVALIDITY", "UIDNEXT", "EXISTS"}
_NO_UIDVALIDITY = 1
_NOTIFIED = "(SELECTED-DELAYED (MessageNew MessageExpunge)) (PERSONAL (MessageNew MessageExpunge MailboxName))"


class Imap:
    """A signed-in connection for one task. It only reads, and puts in what `append` is given.

    Each call may meet `timeout` seconds of silence. One that times out, is cancelled or meets garbage drops the
    connection for good: every later call raises at once, and the caller connects anew. After `Refused` it goes on.
    All calls raise Unreachable, Garbage or Refused.
    """

    def __init__(self, line: Line, timeout: float) -> None:
        self._line = line
        self._talk = Conversation(line, timeout)
        self._view: object | None = None  # a new one each time a folder is opened
        self._wires: dict[str, bytes] = {}  # how the server writes the names of its folders

    @classmethod
    async def connect(
        cls,
        server: MailServer,
        *,
        username: str,
        password: str | None = None,
        access_token: str | None = None,
        timeout: float = 30.0,
        address: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> Self:
        """Sign in with a password, or by XOAUTH2 with an access token, all within `timeout` seconds.

        `address`, an IP address, is where to connect if the caller has resolved the host itself; the certificate
        must be the host's all the same. `tls` stands in for the machine's trusted certificates.
        Raises Unreachable, TlsFailed, SecretRefused, NoImap or Refused.
        """
        try:
            async with asyncio.timeout(timeout):
                line = await open_line(server, address=address, tls=tls)
                await sign_in(line, username=username, password=password, access_token=access_token)
        except TimeoutError:
            raise Unreachable(f"{server.host} did not answer within {timeout:g} seconds.") from None
        return cls(line, timeout)

    @property
    def can_idle(self) -> bool:
        return "IDLE" in self._line.capabilities

    @property
    def is_gmail(self) -> bool:
        """It has Gmail's own words (X-GM-EXT-1), and with them its ways."""
        return "X-GM-EXT-1" in self._line.capabilities

    @property
    def has_news(self) -> bool:
        """The server has said that messages came or went in the open folder."""
        return self._line.news

    async def folders(self) -> list[Folder]:
        folders = await self._marked_folders() or await self._list()
        self._wires = {folder.name: folder.wire for folder in folders}
        return folders

    async def notify(self) -> None:
        """From now on `idle` ends also for what happens in other folders, where the server can tell (RFC 5465)."""
        if "NOTIFY" in self._line.capabilities:
            with suppress(Refused):
                await self._talk.ask("NOTIFY", "SET", _NOTIFIED, read=lambda reply: reply.ok)
                self._line.notified = True

    async def folders_with_states(self) -> tuple[list[Folder], dict[str, FolderState]]:
        """All folders, and by name how those stand of which the server tells in the same answer (RFC 5819)."""
        self._line.heard = False
        if "LIST-STATUS" not in self._line.capabilities:
            return await self.folders(), {}
        marks = "SPECIAL-USE " if "SPECIAL-USE" in self._line.capabilities else ""
        options = ("RETURN", f"({marks}STATUS {STATUS_ITEMS})")
        try:
            folders, states = await self._talk.ask("LIST", '""', '"*"', *options, read=_with_states)
        except Busy:
            raise
        except Refused:
            return await self.folders(), {}
        self._wires = {folder.name: folder.wire for folder in folders}
        return folders, states

    async def examine(self, folder: str) -> FolderState:
        """
        Open a folder to read. UIDs of all other calls are of this one. What the server does not tell, or cannot be (as
        many messages as there are have each a UID below UIDNEXT), is asked for in other ways; one that never tells a
        UIDVALIDITY is taken at its UIDs.
        """
        self._view = None
        figures = await self._talk.ask(
            "EXAMINE", self._wire(folder), read=lambda reply: answers.examined(reply.ok, reply.text)
        )
        self._line.state, self._view = aioimaplib.SELECTED, object()
        if not figures.keys() >= _FIGURES:
            figures = {**await self._figures_if_told(folder), **figures}
            self._line.exists = figures.get("EXISTS", 0)
        if "EXISTS" not in figures:
            raise Garbage("The mail server opened a folder without saying how many messages it holds.")
        counted = figures.get("UIDNEXT", 0) <= figures["EXISTS"]
        uidnext = await self._last_uid() + 1 if counted else figures["UIDNEXT"]
        return FolderState(figures.get("UIDVALIDITY", _NO_UIDVALIDITY), uidnext, figures["EXISTS"], counted=counted)

    async def status(self, folder: str) -> FolderState | None:
        """The same figures of any folder, without opening it. None where the server tells only some of them."""
        return state_of(await self._figures(folder))

    async def uids(self, first: int, last: int | None = None) -> list[int]:
        """UIDs from `first` to `last`, both included, or to the end, ascending."""
        self._check(self._view)
        if last is not None and last < first:
            return []
        uids = await search(self._talk, f"{int(first)}:{'*' if last is None else int(last)}")
        return [uid for uid in uids if first <= uid <= (last or uid)]  # "n:*" brings the last one, whatever n

    async def counted_uids(self) -> list[int]:
        """
        UIDs of all messages that the server counts, ascending, each message asked for its own: there may be some that
        `uids` does not find, or that lie beyond the UIDNEXT that was told.
        """
        self._check(self._view)
        return await numbered(self._talk)

    async def headers(self, uids: Sequence[int]) -> AsyncIterator[Header | Unfetchable | Gone]:
        """One for each UID, in that order, fetched 200 at a time. Open no other folder meanwhile."""
        batches = (uids[at : at + BATCH_HEADERS] for at in range(0, len(uids), BATCH_HEADERS))
        items = GMAIL_HEADER_ITEMS if self.is_gmail else HEADER_ITEMS
        async for outcome in self._each(batches, items, read_header):
            yield outcome

    async def messages(self, sizes: Sequence[tuple[int, int]]) -> AsyncIterator[Message | Unfetchable | Gone]:
        """One for each (uid, size in bytes), fetched by 50 or by 8 MB. Open no other folder meanwhile.

        What is larger than MESSAGE_LIMIT is not asked for, and comes first, as Unfetchable.
        """
        for uid, size in sizes:
            if size > MESSAGE_LIMIT:
                yield Unfetchable(uid, f"The message is larger than {MESSAGE_LIMIT // MB} MB.")
        batches = bites([(uid, size) for uid, size in sizes if size <= MESSAGE_LIMIT])
        async for outcome in self._each(batches, MESSAGE_ITEMS, read_message):
            yield outcome

    async def beginnings(self, uids: Sequence[int]) -> AsyncIterator[Message | Unfetchable | Gone]:
        """One for each UID: of the message its first BEGINNING bytes, or more, where a server gives more."""
        async for outcome in self._each(bites([(uid, BEGINNING) for uid in uids]), BEGINNING_ITEMS, read_message):
            yield outcome

    async def with_header(self, name: str, value: str, *, since: datetime) -> list[int]:
        """
        UIDs of those messages of the open folder that came on the day of `since` or later and have this field with this
        very value, both plain ASCII. What a server finds is looked at, as some search for less; what it finds not, as
        some search no headers, is looked for among its NEWEST messages.
        """
        self._check(self._view)
        uids = await search_header(self._talk, name, value, since) or await newest(self._talk, NEWEST)
        fields = f"(UID BODY.PEEK[HEADER.FIELDS ({name.upper()})])"
        headers = [header async for header in self._each([uids] if uids else [], fields, read_header)]
        return [header.uid for header in headers if isinstance(header, Header) and says(header.header, name, value)]

    async def append(self, folder: str, content: AsyncIterable[bytes], *, size: int, at: datetime) -> Appended | None:
        """
        Puts a message of `size` bytes into a folder, as read, and as one that came `at`. Its number, where the server
        tells it (UIDPLUS). No folder need be open, and the open one stays so. Refused: nothing was put there. Whatever
        else is raised, it may lie there or not.
        """
        where = (self._wire(folder), "(\\Seen)", date_time(at))
        return await self._talk.pour("APPEND", *where, content=content, size=size, read=appended)

    async def idle(self, timeout: float, wake: asyncio.Event | None = None) -> bool:
        """True as soon as messages came or went in the open folder, also before this call.

        False after `timeout` s, when `wake` is set meanwhile, or when something was said of another folder since they
        were listed: the connection goes on.

        Call it again every 4 to 5 minutes. A server without IDLE (`can_idle`) is asked once, when the time is over.
        """
        self._check(self._view)
        return await self._talk.idle(timeout, wake)

    async def close(self) -> None:
        """Sign out politely, in 2 s at most. Never raises for what the server does."""
        await self._talk.close()

    def abort(self) -> None:
        """Drop the connection now. Whoever waits for an answer gets Unreachable."""
        self._talk.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error:
            self.abort()
        await self.close()

    async def _list(self, *options: str) -> list[Folder]:
        return await self._talk.ask("LIST", '""', '"*"', *options, read=lambda reply: listed(reply.ok))

    async def _marked_folders(self) -> list[Folder]:
        """With what each is for (RFC 6154), which some tell only where it is asked for."""
        if not {"LIST-EXTENDED", "SPECIAL-USE"} <= self._line.capabilities:
            return []
        try:
            return await self._list("RETURN", "(SPECIAL-USE)")
        except Busy:
            raise
        except Refused:
            return []

    async def _figures(self, folder: str) -> Mapping[str, int]:
        wire = self._wire(folder)
        return await self._talk.ask("STATUS", wire, STATUS_ITEMS, read=lambda reply: figures_of(wire, reply.ok))

    async def _figures_if_told(self, folder: str) -> Mapping[str, int]:
        """Of the open folder: not all servers take that question then."""
        try:
            return await self._figures(folder)
        except Busy:
            raise
        except Refused:
            return {}

    async def _last_uid(self) -> int:
        """0 where the open folder is empty."""
        if not self._line.exists:
            return 0
        uids = await search(self._talk, "*") or await search(self._talk, "1:*")
        return max(uids, default=0)

    def _wire(self, folder: str) -> bytes:
        """Its name as the server listed it, else as it should be written."""
        return self._wires.get(folder) or to_wire(folder).encode()

    def _check(self, view: object | None) -> None:
        if view is None or view is not self._view:
            raise RuntimeError("no folder is open, or another one than before")

    async def _each(
        self, batches: Iterable[Sequence[int]], items: str, read: Callable[[Items], T | None]
    ) -> AsyncIterator[T | Unfetchable | Gone]:
        view = self._view
        for uids in batches:
            self._check(view)
            outcomes = await fetch(self._talk, uids, items, read)
            for uid in uids:
                yield outcomes[uid]


def _with_states(reply: Reply) -> tuple[list[Folder], dict[str, FolderState]]:
    folders, by_wire = listed(reply.ok), states_by_wire(reply.ok)
    return folders, {folder.name: state for folder in folders if (state := by_wire.get(key_of(folder.wire)))}
