"""One client: what it sends, taken apart; and who it is."""

import asyncio
import base64
import re
from itertools import cycle
from typing import TYPE_CHECKING

from tests.support.servers.imap.folders import Served, ServedFolder

if TYPE_CHECKING:
    from tests.support.servers.imap.server import ImapServer

_ARGUMENT = re.compile(rb'"((?:[^"\\]|\\.)*)"|([^\s"]+)')


class Cut(Exception):
    """The connection ends here."""


class Talk:
    """One client. `view` is what it has been told of the open folder."""

    def __init__(self, server: "ImapServer", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.server, self.reader, self.writer, self.task = server, reader, writer, task
        self.folder: ServedFolder | None = None
        self.validity = 0
        self.view: list[Served] = []
        self.changed = asyncio.Event()
        self.introduced = self.inside = False
        self.ends = cycle(server.wording.ends)

    async def run(self) -> None:
        await self.send(self.server.greeting)
        while line := await self.reader.readline():
            tag, _, command = line.rstrip(b"\r\n").partition(b" ")
            name = (command.split() or [b""])[0].decode().upper()
            if name == "UID":
                name = b" ".join(command.split()[:2]).decode().upper()
            secret = name in ("LOGIN", "AUTHENTICATE")
            if not secret and name != "APPEND":
                command = await self.whole(command)
            async with self.server.arrived:
                self.server.commands.append(name if secret else command.decode("utf-8", "replace"))
                self.server.arrived.notify_all()
            said = self.server.say.get(self.server.commands[-1], self.server.say.get(name))
            if said is not None:
                await self.send(said.replace(b"{tag}", tag))
                continue
            verb = getattr(self, name.lower().replace(" ", "_"), None)
            result = await verb(command[len(name) :].strip()) if verb else b"BAD what is that"
            await self.tell()
            await self.line(tag + b" " + (result or b"OK done"))
            if name == "LOGOUT":
                return
            if name == "STARTTLS" and self.server.tls:
                await self.writer.start_tls(self.server.tls)

    async def whole(self, command: bytes) -> bytes:
        """With its literals in quotes."""
        while found := re.fullmatch(rb"(.*?)\{(\d+)\}", command):
            await self.send(b"+ go on\r\n")
            literal = await self.reader.readexactly(int(found[2]))
            rest = (await self.reader.readline()).rstrip(b"\r\n")
            command = found[1] + b'"' + re.sub(rb'(["\\])', rb"\\\1", literal) + b'"' + rest
        return command

    async def line(self, line: bytes) -> None:
        """Nothing for an empty one."""
        if line:
            await self.send(line + next(self.ends))

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
        """What came and went."""

    # Signing in

    async def capability(self, _: bytes) -> bytes:
        outside = self.server.wording.capability_outside
        told = self.server.capabilities if self.inside or outside is None else outside
        if not told:
            return b"BAD not before you have signed in"
        await self.line(f"* CAPABILITY {told}".encode())
        return b"OK done"

    async def starttls(self, _: bytes) -> bytes:
        return b"OK begin" if self.server.tls else b"BAD no TLS here"

    async def login(self, rest: bytes) -> bytes:
        words = []
        while found := re.fullmatch(rb"(.*?) ?\{(\d+)\}", rest):
            await self.send(b"+ go on\r\n")
            words += arguments(found[1])
            words.append(await self.reader.readexactly(int(found[2])))
            rest = (await self.reader.readline()).rstrip(b"\r\n")
        return self._entered([*words, *arguments(rest)])

    async def authenticate(self, mechanism: bytes) -> bytes:
        said = await self._said(b"")
        if mechanism == b"PLAIN":
            return self._entered(said.split(b"\0")[1:])
        if mechanism == b"LOGIN":
            return self._entered([said, await self._said(b"UGFzc3dvcmQ6")])
        if said == f"user={self.server.username}\1auth=Bearer {self.server.token}\1\1".encode():
            self.inside = True
            return self.server.wording.signed_in
        for challenge in self.server.challenges:
            await self._said(base64.b64encode(challenge))
        return self.server.token_refused

    async def _said(self, challenge: bytes) -> bytes:
        await self.send(b"+ " + challenge + b"\r\n")
        return base64.b64decode(await self.reader.readline())

    def _entered(self, words: list[bytes]) -> bytes:
        self.inside = words == [self.server.username.encode(), self.server.password.encode()]
        return self.server.wording.signed_in if self.inside else b"NO [AUTHENTICATIONFAILED] Invalid credentials"


def arguments(text: bytes) -> list[bytes]:
    return [atom or re.sub(rb"\\(.)", rb"\1", quoted) for quoted, atom in _ARGUMENT.findall(text)]
