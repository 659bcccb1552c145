"""
The line between us and any mail server, with faults on it: real sockets, whoever wrote the server behind.

    async with Relay(server.port) as relay:
        relay.on_command = meet           # awaited with each line of ours before it goes on
        await relay.say(b"* BYE\\r\\n")     # to us, as if the server had said it; between two answers, where `meet` is
        await relay.answer(b"NO …")       # the same, as the answer to the line that `meet` has; then raise Answered
        relay.cut_after = 400             # of what the server says next, so many bytes come through; then it is cut
        relay.silent = True               # whatever the server says is kept back
        relay.said.clear()
        await relay.until(b"IDLE")        # until we have said that
        await relay.cut()                 # every line, now
        await relay.away()                # nobody is there any more
        await relay.well_again()          # … and is, on the same port; nothing else is wrong either
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self

from models.mailbox.server import MailSecurity, MailServer

HOST = "127.0.0.1"


class Answered(Exception):
    """Raised in `on_command`: the line does not go on to the server."""


async def _nothing(line: bytes) -> None:
    pass


class Relay:
    def __init__(self, port: int) -> None:
        self._to, self._port = port, 0
        self._lines: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.on_command: Callable[[bytes], Awaitable[None]] = _nothing
        self.cut_after: int | None = None
        self.silent = False
        self._tag = b""
        self.said: list[bytes] = []
        self._more = asyncio.Condition()

    @property
    def server(self) -> MailServer:
        return MailServer(HOST, self._port, MailSecurity.NONE)

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.away()

    async def _open(self) -> None:
        self._socket = await asyncio.start_server(self._relay, HOST, self._port, limit=2**20)
        self._port = self._socket.sockets[0].getsockname()[1]

    async def well_again(self) -> None:
        """Whatever was wrong: nobody meddles any more."""
        self.on_command, self.cut_after, self.silent = _nothing, None, False
        if not self._socket.is_serving():
            await self._open()

    async def away(self) -> None:
        self._socket.close()
        await self.cut()

    async def cut(self) -> None:
        """Harmless where nobody is connected; also called by one that is."""
        others = [task for task in self._lines if task is not asyncio.current_task()]
        for writer in self._lines.values():
            writer.transport.abort()
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def until(self, command: bytes) -> None:
        async with self._more:
            await self._more.wait_for(lambda: any(command in line for line in self.said))

    async def say(self, said: bytes) -> None:
        for writer in self._lines.values():
            writer.write(said)
            await writer.drain()

    async def answer(self, words: bytes) -> None:
        await self.say(b"%s %s\r\n" % (self._tag, words))

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._lines[task] = writer
        with suppress(OSError, asyncio.CancelledError):
            there, back = await asyncio.open_connection(HOST, self._to, limit=2**20)
            answers = asyncio.create_task(self._answers(there, writer))
            try:
                await self._questions(reader, back)
            finally:
                answers.cancel()
                back.transport.abort()
        del self._lines[task]
        writer.transport.abort()

    async def _questions(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            self._tag = line.partition(b" ")[0]
            with suppress(Answered):
                await self.on_command(line)
                await self._note(line)
                back.write(line)
                await back.drain()

    async def _note(self, line: bytes) -> None:
        async with self._more:
            self.said.append(line)
            self._more.notify_all()

    async def _answers(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await there.read(2**16):
            if self.silent:
                continue
            left, self.cut_after = self.cut_after, None
            if left is not None and left < len(data):
                writer.write(data[:left])
                await writer.drain()
                break
            self.cut_after = None if left is None else left - len(data)
            writer.write(data)
            await writer.drain()
        writer.close()
