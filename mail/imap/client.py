"""One connection to one mailbox."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

from aioimaplib import aioimaplib

from mail.imap import answers
from mail.imap.conversation import Conversation, Reply
from mail.imap.errors import Garbage, Unreachable
from mail.imap.fetching import (
    BATCH_HEADERS,
    BEGINNING,
    BEGINNING_ITEMS,
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
    read_header,
    read_message,
    search,
)
from mail.imap.folders import Folder, FolderState
from mail.imap.line import MB, Line
from mail.imap.login import open_line, sign_in
from mail.imap.names import quoted, to_wire
from models.mailbox.server import MailServer

T = TypeVar("T")


class Imap:
    """A signed-in connection for one task. It only reads.

    Each call may meet `timeout` seconds of silence. One that times out, is cancelled or meets garbage drops the
    connection for good: every later call raises at once, and the caller connects anew. After `Refused` it goes on.
    All calls raise Unreachable, Garbage or Refused.
    """

    def __init__(self, line: Line, timeout: float) -> None:
        self._line = line
        self._talk = Conversation(line, timeout)
        self._view: object | None = None  # a new one each time a folder is opened

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

    async def folders(self) -> list[Folder]:
        return await self._talk.ask("LIST", '""', '"*"', read=lambda reply: answers.listed(reply.ok))

    async def examine(self, folder: str) -> FolderState:
        """Open a folder to read. UIDs of all other calls are of this one."""
        self._view = None
        figures = await self._talk.ask("EXAMINE", quoted(to_wire(folder)), read=_examined)
        self._line.state, self._view = aioimaplib.SELECTED, object()
        if "UIDNEXT" not in figures:
            return await self.status(folder)
        return FolderState(uidvalidity=figures["UIDVALIDITY"], uidnext=figures["UIDNEXT"], exists=figures["EXISTS"])

    async def status(self, folder: str) -> FolderState:
        """The same figures of any folder, without opening it."""
        name = quoted(to_wire(folder))
        return await self._talk.ask(
            "STATUS", name, "(MESSAGES UIDNEXT UIDVALIDITY)", read=lambda reply: answers.status(reply.ok)
        )

    async def uids(self, first: int, last: int | None = None) -> list[int]:
        """UIDs from `first` to `last`, both included, or to the end, ascending."""
        self._check(self._view)
        if last is not None and last < first:
            return []
        found = await search(self._talk, f"{int(first)}:{'*' if last is None else int(last)}")
        return [uid for uid in found if first <= uid <= (last or uid)]  # "n:*" brings the last one, whatever n

    async def headers(self, uids: Sequence[int]) -> AsyncIterator[Header | Unfetchable | Gone]:
        """One for each UID, in that order, fetched 200 at a time. Open no other folder meanwhile."""
        batches = (uids[at : at + BATCH_HEADERS] for at in range(0, len(uids), BATCH_HEADERS))
        async for found in self._each(batches, HEADER_ITEMS, read_header):
            yield found

    async def messages(self, wanted: Sequence[tuple[int, int]]) -> AsyncIterator[Message | Unfetchable | Gone]:
        """One for each (uid, size in bytes), fetched by 50 or by 8 MB. Open no other folder meanwhile.

        What is larger than MESSAGE_LIMIT is not asked for, and comes first, as Unfetchable.
        """
        for uid, size in wanted:
            if size > MESSAGE_LIMIT:
                yield Unfetchable(uid, f"The message is larger than {MESSAGE_LIMIT // MB} MB.")
        batches = bites([(uid, size) for uid, size in wanted if size <= MESSAGE_LIMIT])
        async for found in self._each(batches, MESSAGE_ITEMS, read_message):
            yield found

    async def beginnings(self, uids: Sequence[int]) -> AsyncIterator[Message | Unfetchable | Gone]:
        """One for each UID: of the message its first BEGINNING bytes, or more, where a server gives more."""
        async for found in self._each(bites([(uid, BEGINNING) for uid in uids]), BEGINNING_ITEMS, read_message):
            yield found

    async def idle(self, timeout: float, wake: asyncio.Event | None = None) -> bool:
        """True as soon as messages came or went in the open folder, also before this call.

        False after `timeout` s, or when `wake` is set meanwhile: the connection goes on.

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

    def _check(self, view: object | None) -> None:
        if view is None or view is not self._view:
            raise RuntimeError("no folder is open, or another one than before")

    async def _each(
        self, batches: Iterable[Sequence[int]], items: str, read: Callable[[Items], T | None]
    ) -> AsyncIterator[T | Unfetchable | Gone]:
        view = self._view
        for uids in batches:
            self._check(view)
            found = await fetch(self._talk, uids, items, read)
            for uid in uids:
                yield found[uid]


def _examined(reply: Reply) -> Mapping[str, int]:
    figures = answers.examined(reply.ok)
    if not {"UIDVALIDITY", "EXISTS"} <= figures.keys():
        raise Garbage("The mail server opened a folder without saying how many messages it holds.")
    return figures
