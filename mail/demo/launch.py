"""Starting and stopping the demo mail server from Python: for `make run` and for tests."""

import asyncio
import imaplib
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mail.demo.users import MAIL_PASSWORD, STUDIO
from mail.smtp import Smtp, SmtpServer
from models.ground.mendable import Mendable
from models.mailbox.server import MailSecurity, MailServer

CHECKOUT = Path(__file__).parents[2]
HOST = "127.0.0.1"
START_SECONDS = 30.0
STOP_SECONDS = 5.0


class DemoMailFailed(Mendable):
    """It did not start; the message says why, in plain words."""


@dataclass(frozen=True, slots=True)
class DemoMail:
    """A running server; its mail lies under `mail`. Ends with this process, however that ends.

    async with DemoMail.start(folder) as server:
        await server.deliver(raw, sender="anna@example.test", to=["studio@demo.test"])
    """

    imap_port: int
    smtp_port: int
    token_port: int
    mail: Path
    process: Process

    @classmethod
    @asynccontextmanager
    async def start(cls, folder: Path, *, dovecot: bool = False) -> AsyncIterator["DemoMail"]:
        """On free ports."""
        server = await cls.launch(folder, dovecot=dovecot)
        try:
            yield server
        finally:
            await server.stop()

    @classmethod
    async def launch(cls, folder: Path, *, dovecot: bool = False, **ports: int) -> "DemoMail":
        """
        Ready when this returns, with all that `folder` keeps; the caller stops it. `imap_port`, `smtp_port` and
        `token_port` are free ones where they are not given. Raises DemoMailFailed.
        """
        process = await asyncio.create_subprocess_exec(
            *_command(folder, ports),
            *(["--dovecot"] if dovecot else []),
            stdin=PIPE,
            stdout=PIPE,
            cwd=CHECKOUT,
            start_new_session=True,  # Ctrl-C reaches the parent only, which stops this one last
        )
        try:
            return cls(**await _ready(process), process=process)
        except BaseException:
            await _end(process)
            raise

    @property
    def imap(self) -> MailServer:
        return MailServer(HOST, self.imap_port, MailSecurity.NONE)

    @property
    def smtp(self) -> MailServer:
        return MailServer(HOST, self.smtp_port, MailSecurity.NONE)

    async def stop(self) -> None:
        """Gone when this returns; harmless when it has gone already."""
        await _end(self.process)

    async def deliver(self, raw: bytes, *, sender: str, to: Sequence[str]) -> None:
        """Hands over exactly these bytes by SMTP (a last line without its end gets one)."""
        async with Smtp.open(SmtpServer(HOST, self.smtp_port, MailSecurity.NONE)) as smtp:
            await smtp.deliver(raw, sender=sender, to=to)

    async def append(
        self, raw: bytes, received_at: datetime, *, folder: str = "INBOX", mailbox: str = STUDIO.address
    ) -> None:
        """Puts exactly these bytes into a folder, with this internal date; whoever is in IDLE there is told."""
        # By hand, for the bytes' sake: imaplib's append rewrites the ends of lines.
        reader, writer = await asyncio.open_connection(HOST, self.imap_port)
        when = imaplib.Time2Internaldate(received_at)
        writer.write(f'a LOGIN {mailbox} "{MAIL_PASSWORD}"\r\nb APPEND "{folder}" {when} '.encode())
        writer.write(b"{%d+}\r\n%s\r\nc LOGOUT\r\n" % (len(raw), raw))
        answer = await reader.read()
        writer.close()
        if b"\r\nb OK" not in answer:
            raise DemoMailFailed(f"The demo mail server did not take the message: {answer.decode(errors='replace')}")


def _command(folder: Path, ports: Mapping[str, int]) -> list[str]:
    options = [word for name, port in ports.items() for word in (f"--{name.replace('_', '-')}", str(port))]
    return [sys.executable, "-m", "mail.demo.server", "--folder", str(folder.resolve()), *options]


async def _ready(process: Process) -> dict[str, Any]:
    assert process.stdout
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline()
    except TimeoutError:
        raise DemoMailFailed(f"The demo mail server was not ready after {START_SECONDS:.0f} s.") from None
    report = json.loads(line or b"{}")
    if "imap_port" not in report:
        raise DemoMailFailed(report.get("error", "The demo mail server ended before it was ready."))
    return {**report, "mail": Path(report["mail"])}


async def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
    assert process.stdin
    process.stdin.close()
