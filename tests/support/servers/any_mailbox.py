"""
A mailbox at each of three servers, in the hands of somebody else: what another mail program of the same person does
there, and what the server then holds.

    pytest_plugins = ["tests.support.servers.any_mailbox_fixtures"]  # each test of `place` at all three

`relay` is the line to it. A test for one or two: `@pytest.mark.parametrize("place", ["scripted"], indirect=True)`.
"""

import asyncio
import imaplib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mail.imap.names import from_wire, to_wire
from tests.support.servers import dovecot
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.imap import ImapServer, ServedFolder
from tests.support.waiting import PATIENCE

Contents = dict[str, list[tuple[int, bytes]]]
"""By the folder's name, as people read it: UIDs and messages."""
ODD_NAMES = [
    "Größe & Maß",
    "日本語/税務",
    "Кириллица",
    "💼 Mandanten",
    'mit "Anführung"',
    "back\\slash",
    "*",
    "%",
    "a b",
    "()",
]


class Place(ABC):
    """`sent`: its folder of sent mail. Folders go by the names that people read."""

    port: int
    username: str
    password: str
    sent: str
    nests_by = "/"

    def grant(self, token: str) -> None:
        """From now on this access token signs in, and none that was granted before."""
        raise NotImplementedError("it takes none")

    @abstractmethod
    async def create(self, *folders: str) -> None: ...
    @abstractmethod
    async def put(self, folder: str, *letters: bytes) -> None: ...
    @abstractmethod
    async def expunge(self, folder: str, *uids: int) -> None: ...
    @abstractmethod
    async def rename(self, before: str, after: str) -> None: ...
    @abstractmethod
    async def delete(self, folder: str) -> None: ...
    @abstractmethod
    async def contents(self) -> Contents: ...

    async def uids(self, folder: str) -> list[int]:
        return [uid for uid, _ in (await self.contents())[folder]]

    async def empty(self, folder: str) -> None:
        await self.expunge(folder, *await self.uids(folder))

    async def renumber(self, folder: str) -> None:
        """The same messages under another UIDVALIDITY."""
        held = (await self.contents())[folder]
        await self.delete(folder)
        await self.create(folder)
        await self.put(folder, *(raw for _, raw in held))

    async def move(self, folder: str, uid: int, to: str) -> None:
        raw = dict((await self.contents())[folder])[uid]
        await self.put(to, raw)
        await self.expunge(folder, uid)


class Scripted(Place):
    sent = "Sent"

    def __init__(self, server: ImapServer) -> None:
        self._server = server
        self.port, self.username, self.password = server.server.port, server.username, server.password

    def grant(self, token: str) -> None:
        self._server.token = token

    def _of(self, name: str) -> ServedFolder:
        return next(folder for folder in self._server.folders if folder.name == to_wire(name))

    async def create(self, *folders: str) -> None:
        for name in folders:
            self._server.folders.append(ServedFolder(to_wire(name), changed=self._server._wake))

    async def put(self, folder: str, *letters: bytes) -> None:
        for raw in letters:
            self._of(folder).append(raw)

    async def expunge(self, folder: str, *uids: int) -> None:
        for uid in uids:
            self._of(folder).expunge(uid)

    async def rename(self, before: str, after: str) -> None:
        for folder in self._server.folders:
            folder.name = re.sub(rf"^{re.escape(to_wire(before))}(?=/|$)", to_wire(after), folder.name)

    async def delete(self, folder: str) -> None:
        self._server.folders.remove(self._of(folder))

    async def renumber(self, folder: str) -> None:
        self._of(folder).renumber()

    async def contents(self) -> Contents:
        folders = [folder for folder in self._server.folders if "oselect" not in folder.flags]
        return {
            from_wire(folder.name): [(message.uid, message.raw) for message in folder.messages] for folder in folders
        }


class OverImap(Place):
    """By a client that is not ours. Threads: the server may run in this loop."""

    def __init__(self, port: int, username: str, password: str, *, sent: str, nests_by: str) -> None:
        self.port, self.username, self.password, self.sent, self.nests_by = port, username, password, sent, nests_by

    @contextmanager
    def _signed_in(self, folder: str = "") -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=PATIENCE) as other:
            other.login(self.username, self.password)
            if folder:
                _must(other.select(_quoted(folder)))
            yield other

    async def create(self, *folders: str) -> None:
        def create() -> None:
            with self._signed_in() as other:
                for name in folders:
                    _must(other.create(_quoted(name)))

        await asyncio.to_thread(create)

    async def put(self, folder: str, *letters: bytes) -> None:
        def put() -> None:
            with self._signed_in() as other:
                for raw in letters:
                    _must(other.append(_quoted(folder), "", "", raw))

        await asyncio.to_thread(put)

    async def expunge(self, folder: str, *uids: int) -> None:
        def expunge() -> None:
            with self._signed_in(folder) as other:
                for uid in uids:
                    _must(other.uid("STORE", str(uid), "+FLAGS", "(\\Deleted)"))
                _must(other.expunge())

        await asyncio.to_thread(expunge)

    async def rename(self, before: str, after: str) -> None:
        def rename() -> None:
            with self._signed_in() as other:
                _must(other.rename(_quoted(before), _quoted(after)))

        await asyncio.to_thread(rename)

    async def delete(self, folder: str) -> None:
        def delete() -> None:
            with self._signed_in() as other:
                _must(other.delete(_quoted(folder)))

        await asyncio.to_thread(delete)

    async def contents(self) -> Contents:
        return await asyncio.to_thread(self._contents)

    def _contents(self) -> Contents:
        with self._signed_in() as other:
            return {from_wire(wire): _read(other, wire) for wire in _named(other)}


class OverDovecot(OverImap):
    """A mailbox of its own."""

    def __init__(self, server: Dovecot) -> None:
        super().__init__(server.port, server.somebody(), dovecot.PASSWORD, sent="Gesendete Post", nests_by=".")
        self._server = server

    def grant(self, token: str) -> None:
        self._server.grant(self.username, token)


def _named(other: imaplib.IMAP4) -> list[str]:
    """All folders that can be opened, as they are written on the wire."""
    lines = [line.decode() for line in other.list()[1] if isinstance(line, bytes)]
    names = [re.search(r'"([^"]*)"$|(\S+)$', line) for line in lines if not re.search(r"\\No", line)]
    return [name[1] or name[2] for name in names if name]


def _must(answer: tuple[str, list[Any]]) -> list[Any]:
    assert answer[0] == "OK", answer
    return answer[1]


def _quoted(folder: str) -> str:
    return f'"{to_wire(folder)}"'


def _read(other: imaplib.IMAP4, wire: str) -> list[tuple[int, bytes]]:
    if _must(other.select(f'"{wire}"', readonly=True)) == [b"0"]:
        return []
    answers = [answer for answer in _must(other.uid("FETCH", "1:*", "(UID BODY.PEEK[])")) if isinstance(answer, tuple)]
    found = [re.search(rb"UID (\d+)", answer[0]) for answer in answers]
    return [(int(uid[1]), answer[1]) for uid, answer in zip(found, answers, strict=True) if uid]
