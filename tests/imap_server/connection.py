"""One client: its commands, answered."""

import asyncio
import base64
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.imap_server.folders import Served, ServedFolder

if TYPE_CHECKING:
    from tests.imap_server.server import ImapServer

_ARGUMENT = re.compile(rb'"((?:[^"\\]|\\.)*)"|([^\s"]+)')
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class Cut(Exception):
    """The connection ends here."""


class Connection:
    """One client. `view` is what it has been told of the open folder."""

    def __init__(self, server: "ImapServer", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.server, self.reader, self.writer, self.task = server, reader, writer, task
        self.folder: ServedFolder | None = None
        self.validity = 0
        self.view: list[Served] = []
        self.changed = asyncio.Event()

    async def run(self) -> None:
        await self.send(self.server.greeting)
        while line := await self.reader.readline():
            tag, _, command = line.rstrip(b"\r\n").partition(b" ")
            name = (command.split() or [b""])[0].decode().upper()
            if name == "UID":
                name = b" ".join(command.split()[:2]).decode().upper()
            secret = name in ("LOGIN", "AUTHENTICATE")
            async with self.server.arrived:
                self.server.commands.append(name if secret else command.decode())
                self.server.arrived.notify_all()
            if name in self.server.say:
                await self.send(self.server.say[name].replace(b"{tag}", tag))
                continue
            verb = getattr(self, name.lower().replace(" ", "_"), None)
            result = await verb(command[len(name) :].strip()) if verb else "BAD what is that"
            await self.tell()
            await self.send(f"{tag.decode()} {result or 'OK done'}\r\n".encode())
            if name == "LOGOUT":
                return
            if name == "STARTTLS" and self.server.tls:
                await self.writer.start_tls(self.server.tls)

    async def send(self, data: bytes) -> None:
        """With the cut, at the very byte."""
        left = self.server.cut_after
        piece = data if left is None else data[:left]
        self.server.sent += len(piece)
        self.writer.write(piece)
        await self.writer.drain()
        if left is not None:
            self.server.cut_after = left - len(piece)
            if len(piece) < len(data):
                self.server.cut_after = None
                raise Cut

    async def tell(self) -> None:
        """What came and went, as EXPUNGE and EXISTS."""
        if not self.folder:
            return
        if self.folder.uidvalidity != self.validity:
            raise Cut
        there = {message.uid for message in self.folder.messages}
        for at in range(len(self.view), 0, -1):
            if self.view[at - 1].uid not in there:
                del self.view[at - 1]
                await self.send(b"* %d EXPUNGE\r\n" % at)
        if len(self.view) != len(self.folder.messages):
            self.view = list(self.folder.messages)
            await self.send(b"* %d EXISTS\r\n" % len(self.view))

    # Signing in

    async def capability(self, _: bytes) -> str:
        await self.send(f"* CAPABILITY {self.server.capabilities}\r\n".encode())
        return "OK done"

    async def starttls(self, _: bytes) -> str:
        return "OK begin" if self.server.tls else "BAD no TLS here"

    async def login(self, rest: bytes) -> str:
        words = []
        while found := re.fullmatch(rb"(.*?) ?\{(\d+)\}", rest):
            await self.send(b"+ go on\r\n")
            words += arguments(found[1])
            words.append(await self.reader.readexactly(int(found[2])))
            rest = (await self.reader.readline()).rstrip(b"\r\n")
        return self._entered([*words, *arguments(rest)])

    async def authenticate(self, mechanism: bytes) -> str:
        await self.send(b"+ \r\n")
        said = base64.b64decode(await self.reader.readline())
        if mechanism == b"PLAIN":
            return self._entered(said.split(b"\0")[1:])
        if said == f"user={self.server.username}\1auth=Bearer {self.server.token}\1\1".encode():
            return "OK in"
        await self.send(b"+ " + base64.b64encode(b'{"status":"400"}') + b"\r\n")
        await self.reader.readline()
        return "NO AUTHENTICATE failed."

    def _entered(self, words: list[bytes]) -> str:
        right = [self.server.username.encode(), self.server.password.encode()]
        return "OK in" if words == right else "NO [AUTHENTICATIONFAILED] Invalid credentials"

    async def noop(self, _: bytes) -> None:
        """`tell` follows every command."""

    async def logout(self, _: bytes) -> None:
        self.folder = None
        await self.send(b"* BYE see you\r\n")

    # Folders

    async def list(self, _: bytes) -> None:
        for folder in self.server.folders:
            await self.send(f'* LIST ({folder.flags}) "/" "{folder.name}"\r\n'.encode())

    def _named(self, rest: bytes) -> ServedFolder | None:
        name = arguments(rest)[0].decode()
        return next((folder for folder in self.server.folders if folder.name == name), None)

    async def status(self, rest: bytes) -> str | None:
        folder = self._named(rest)
        if not folder:
            return "NO [NONEXISTENT] no such folder"
        figures = f"MESSAGES {len(folder.messages)} UIDNEXT {folder.uidnext} UIDVALIDITY {folder.uidvalidity}"
        await self.send(f'* STATUS "{folder.name}" ({figures})\r\n'.encode())
        return None

    async def examine(self, rest: bytes) -> str:
        self.folder = self._named(rest)
        if not self.folder:
            return "NO [NONEXISTENT] no such folder"
        self.view, self.validity = list(self.folder.messages), self.folder.uidvalidity
        await self.send(b"* FLAGS (\\Seen)\r\n* %d EXISTS\r\n* 0 RECENT\r\n" % len(self.view))
        await self.send(f"* OK [UIDVALIDITY {self.validity}] valid\r\n".encode())
        await self.send(f"* OK [UIDNEXT {self.folder.uidnext}] next\r\n".encode())
        return "OK [READ-ONLY] done"

    # Messages

    async def uid_search(self, rest: bytes) -> str | None:
        found = re.fullmatch(rb"UID ([\d:*,]+)", rest)
        if not found:
            return "BAD only UID"
        await self.tell()
        uids = [message.uid for _, message in self._chosen(found[1])]
        await self.send(b"* SEARCH" + b"".join(b" %d" % uid for uid in uids) + b"\r\n")
        return None

    async def uid_fetch(self, rest: bytes) -> str | None:
        chosen, _, items = rest.partition(b" ")
        messages = list(self._chosen(chosen))
        if any(message.uid in self.server.refused_uids for _, message in messages):
            return "NO [SERVERBUG] cannot read that"
        for _, message in messages:
            self.server.on_fetch(message.uid)
            await self.tell()
            if message in self.view:
                await self.send(self._line(self.view.index(message) + 1, message, items))
        return None

    def _line(self, number: int, message: Served, items: bytes) -> bytes:
        body = re.search(rb"BODY\.PEEK(\[[^\]]*\])(?:<0\.(\d+)>)?", items)
        parts = [b"UID %d" % message.uid]
        if b"RFC822.SIZE" in items:
            parts.append(b"RFC822.SIZE %d" % len(message.raw))
        if b"INTERNALDATE" in items:
            at = message.received_at
            parts.append(f'INTERNALDATE "{at:%d}-{_MONTHS[at.month - 1]}-{at:%Y %H:%M:%S %z}"'.encode())
        if body:
            content = message.part(body[1])[: int(body[2]) if body[2] else None]
            origin = b"<0>" if body[2] else b""
            parts.append(b"BODY%b%b {%d}\r\n%b" % (body[1], origin, len(content), content))
        return b"* %d FETCH (%b)\r\n" % (number, b" ".join(parts))

    def _chosen(self, uids: bytes) -> Iterator[tuple[int, Served]]:
        last = self.view[-1].uid if self.view else 0
        for number, message in enumerate(self.view, 1):
            if any(_covers(run, message.uid, last) for run in uids.split(b",")):
                yield number, message

    async def idle(self, _: bytes) -> str:
        await self.send(b"+ idling\r\n")
        done = asyncio.ensure_future(self.reader.readline())
        try:
            while not done.done():
                self.changed.clear()
                await self.tell()
                change = asyncio.ensure_future(self.changed.wait())
                await asyncio.wait({done, change}, return_when=asyncio.FIRST_COMPLETED)
                change.cancel()
        finally:
            done.cancel()
        return "OK idled" if done.result() == b"DONE\r\n" else "BAD that was not DONE"


def arguments(text: bytes) -> list[bytes]:
    return [atom or re.sub(rb"\\(.)", rb"\1", quoted) for quoted, atom in _ARGUMENT.findall(text)]


def _covers(run: bytes, uid: int, last: int) -> bool:
    ends = [last if end == b"*" else int(end) for end in run.split(b":")]
    return min(ends) <= uid <= max(ends)
