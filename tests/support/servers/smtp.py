"""A mail server that takes letters, and does whatever a test tells it: real sockets, scripted answers."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from mail.smtp import SmtpServer
from models.mailbox import MailSecurity

LARGEST = 2**26  # bytes of a letter
SILENCE, DROP = "silence", "drop"
"""Instead of an answer: none, with the line left open; none, and the line is cut."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One letter whose bytes arrived, whatever was answered."""

    sender: str
    to: tuple[str, ...]
    raw: bytes


class Thinking:
    """As `answered`: the server has a letter once `reached` is set, and answers once it may `go_on`."""

    def __init__(self) -> None:
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, _: Taken) -> None:
        self.reached.set()
        await self.go_on.wait()


async def _nothing(_: str) -> None:
    pass


@dataclass(eq=False)
class SmtpSink:
    """
    `answers`: by the command's first word, or by command and address (`RCPT anna@client.test`), instead of the usual;
    `after_data` to the letter itself. `answered`: called when a letter's bytes have arrived, before the answer;
    `named`, when a recipient has been named.
    """

    greeting: str = "220 sink.test ready"
    extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
    answers: dict[str, str] = field(default_factory=dict)
    after_data: str = "250 2.0.0 taken"
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    most_per_line: int = 1_000_000
    most_lines: int = 1_000_000
    answered: Callable[[Taken], Awaitable[None]] | None = None
    named: Callable[[str], Awaitable[None]] = _nothing
    letters: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    lines: int = 0
    port: int = 0

    async def __aenter__(self) -> Self:
        context = self.tls if self.implicit else None
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=context, limit=LARGEST)
        self.port = self._server.sockets[0].getsockname()[1]
        self._tasks: set[asyncio.Task[None]] = set()
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def server(self) -> SmtpServer:
        return SmtpServer("127.0.0.1", self.port, MailSecurity.NONE)

    def server_with(self, username: str, password: str) -> SmtpServer:
        return SmtpServer("127.0.0.1", self.port, MailSecurity.NONE, username, password)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.lines += 1
        try:
            if len(self._tasks) <= self.most_lines:
                await self._talk(reader, writer)
            else:
                await self._say(writer, "421 4.7.0 too many connections from you")
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, _Cut):
            pass  # cancelled: at the end of the test
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._say(writer, self.greeting)
        sender, to, taken = "", list[str](), 0
        while line := (await reader.readline()).decode():
            self.commands.append(line.rstrip())
            word, address = line.split(" ")[0].strip().upper(), line.partition("<")[2].partition(">")[0]
            answer = self.answers.get(f"{word} {address}") or self.answers.get(word)
            if answer:
                await self._say(writer, answer)
            elif word == "EHLO":
                lines = ["sink.test", *self.extensions]
                await self._say(writer, "\r\n".join([*(f"250-{each}" for each in lines[:-1]), f"250 {lines[-1]}"]))
            elif word == "STARTTLS" and self.tls:
                await self._say(writer, "220 go on")
                await writer.start_tls(self.tls)
            elif word == "MAIL" and taken >= self.most_per_line:
                await self._say(writer, "421 4.7.0 enough for one line")
                raise _Cut
            elif word == "MAIL":
                sender, to = address, []
                await self._say(writer, "250 2.1.0 fine")
            elif word == "RCPT":
                to.append(address)
                await self.named(address)
                await self._say(writer, "250 2.1.5 fine")
            elif word == "DATA":
                await self._say(writer, "354 go on")
                raw = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                self.letters.append(one := Taken(sender, tuple(to), raw))
                taken += 1
                if self.answered:
                    await self.answered(one)
                await self._say(writer, self.after_data)
            else:
                await self._say(writer, "221 bye" if word == "QUIT" else "250 2.0.0 fine")

    async def _say(self, writer: asyncio.StreamWriter, answer: str) -> None:
        if answer == DROP:
            raise _Cut
        if answer == SILENCE:
            await asyncio.Event().wait()
        writer.write(f"{answer}\r\n".encode())
        await writer.drain()


class _Cut(Exception):
    """The line ends here."""
