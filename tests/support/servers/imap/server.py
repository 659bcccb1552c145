"""The server: its folders, its faults, its connections."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Self

from models.mailbox.server import MailSecurity, MailServer
from tests.support.servers.imap.connection import Connection
from tests.support.servers.imap.folders import ServedFolder
from tests.support.servers.imap.talk import Cut
from tests.support.servers.imap.wording import Wording


class ImapServer:
    def __init__(
        self,
        folders: Sequence[ServedFolder] = (),
        *,
        username: str = "anna",
        password: str = "secret",
        tls: ssl.SSLContext | None = None,
        security: MailSecurity = MailSecurity.NONE,
    ) -> None:
        self.folders = list(folders) or [ServedFolder("INBOX"), ServedFolder("Sent", "\\HasNoChildren \\Sent")]
        self.username, self.password, self.token = username, password, ""
        self.challenges: tuple[bytes, ...] = (b'{"status":"400"}',)
        self.token_refused = b"NO AUTHENTICATE failed."
        self.tls, self.security = tls, security
        self.capabilities = "IMAP4rev1 IDLE SPECIAL-USE LITERAL+ UIDPLUS AUTH=PLAIN AUTH=XOAUTH2"
        self.greeting = b"* OK ready\r\n"
        self.wording = Wording()
        self.cut_after: int | None = None
        self.refused_uids: set[int] = set()
        self.refused_items = b""
        self.cut_append_after: int | None = None
        self.reads = asyncio.Event()
        self.reads.set()
        self.on_append: Callable[[ServedFolder, bytes], None] = lambda folder, raw: None
        self.on_fetch: Callable[[int], None] = lambda uid: None
        self.say: dict[str, bytes] = {}
        self.commands: list[str] = []
        self.sent = 0
        self.connections: set[Connection] = set()
        self.arrived = asyncio.Condition()

    @property
    def inbox(self) -> ServedFolder:
        return self.folders[0]

    @property
    def server(self) -> MailServer:
        return MailServer("127.0.0.1", self._socket.sockets[0].getsockname()[1], self.security)

    async def __aenter__(self) -> Self:
        at_once = self.tls if self.security is MailSecurity.TLS else None
        self._socket = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**20, ssl=at_once)
        for folder in self.folders:
            folder.changed = self._wake
        return self

    async def __aexit__(self, *_: object) -> None:
        self._socket.close()
        await self.cut_all()
        await self._socket.wait_closed()

    async def cut_all(self) -> None:
        """Every connection, as when the server is stopped."""
        for connection in self.connections:
            connection.task.cancel()
        await asyncio.gather(*(connection.task for connection in self.connections), return_exceptions=True)

    async def until(self, command: str) -> None:
        """Wait until a command that begins so has come in."""
        async with self.arrived:
            await self.arrived.wait_for(lambda: any(line.startswith(command) for line in self.commands))

    def _wake(self) -> None:
        for connection in self.connections:
            connection.changed.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self, reader, writer)
        self.connections.add(connection)
        try:
            with suppress(Cut, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await connection.run()
        finally:
            self.connections.discard(connection)
            connection.writer.close()
