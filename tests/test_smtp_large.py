"""A file leaves a piece at a time, as its bytes are; and of what is cut in the middle nothing has left."""

import asyncio
import io
import ssl
from pathlib import Path

import pytest
from aiosmtplib.protocol import SMTPProtocol

from mail.smtp import Deferred, Refused, Smtp, SmtpError, Unknown
from mail.smtp.large import PIECE
from mail.smtp.server import SmtpServer
from models.mailbox import MailSecurity
from tests.support.servers.certificate import certificate
from tests.support.servers.smtp import DROP, SILENCE, SmtpSink
from tests.support.waiting import PATIENCE

TO = ["anna@client.test"]
HEAD = b"Subject: The plans\r\n\r\n"


async def sent(server: SmtpServer, raw: bytes, tls: ssl.SSLContext | None = None, answer: float = PATIENCE) -> None:
    async with Smtp.open(server, timeout=PATIENCE, tls=tls) as smtp:
        await smtp.deliver(io.BytesIO(raw), sender="anna@firm.test", to=TO, answer_within=answer)


async def failed(server: SmtpServer, raw: bytes, answer: float = PATIENCE) -> SmtpError:
    with pytest.raises(SmtpError) as error:
        await sent(server, raw, answer=answer)
    return error.value


LARGE = b"".join(b"%07d\r\n" % number for number in range(2**20))  # ends at the border of a piece, again and again
BYTES = {
    "dots": HEAD + b".\r\n..\r\n.dot\r\n" * 20_000,
    "a line as long as a piece": HEAD + b"x" * PIECE + b"\r\n.\r\n" + b"y" * PIECE * 2 + b"\r\n",
    "a dot at the border": HEAD.ljust(PIECE - 2, b"x") + b"\r\n.\r\n",
    "10 MB": HEAD + LARGE,
    "a few": HEAD + b"Hello.\r\n",
}


@pytest.mark.parametrize("raw", BYTES.values(), ids=BYTES)
async def test_the_very_bytes_arrive(raw: bytes) -> None:
    async with SmtpSink(extensions=("SIZE 99999999",)) as sink:
        await sent(sink.server, raw)
        assert sink.letters[0].raw == raw
        assert f"SIZE={len(raw)}" in " ".join(sink.commands)


async def test_so_they_do_over_tls(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "localhost")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    async with SmtpSink(tls=context, extensions=("STARTTLS",)) as sink:
        there = SmtpServer("localhost", sink.port, MailSecurity.STARTTLS)
        await sent(there, HEAD + LARGE, tls=ssl.create_default_context(cafile=str(pem)))
        assert sink.letters[0].raw == HEAD + LARGE


async def test_a_server_that_hangs_up_in_the_middle_has_nothing_and_what_it_said_before_is_heard() -> None:
    for said, expected in ((b"", Deferred), (b"552 5.3.4 too large\r\n", Refused), (b"452 4.3.1 full\r\n", Deferred)):
        async with HangingUp(said) as port:
            error = await failed(SmtpServer("127.0.0.1", port, MailSecurity.NONE), HEAD + LARGE)
        assert type(error) is expected
        assert said[4:].strip().decode() in error.message


class HangingUp:
    """A server that takes the beginning of a letter, says this, and closes the line."""

    def __init__(self, said: bytes) -> None:
        self._said = said

    async def __aenter__(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while not (line := await reader.readline()).startswith(b"DATA"):
            writer.write(b"250 fine\r\n" if line else b"")
        writer.write(b"354 go on\r\n")
        await reader.readexactly(1_000)
        writer.write(self._said)
        await writer.drain()
        while self._said and len(await reader.read(PIECE)) == PIECE:
            pass
        writer.close()


ANSWERS = {
    "silence": ({}, SILENCE, Unknown),
    "dropped": ({}, DROP, Unknown),
    "no answer": ({}, "999 what", Unknown),
    "not now": ({}, "451 4.3.0 later", Deferred),
    "never": ({}, "554 5.7.1 no", Refused),
    "not even begun": ({"DATA": "554 5.7.1 no"}, "", Refused),
    "dropped at the beginning": ({"DATA": DROP}, "", Deferred),
    "answered before it had it": ({"DATA": "250 2.0.0 taken"}, "", Deferred),
}


@pytest.mark.parametrize(("answers", "after", "expected"), ANSWERS.values(), ids=ANSWERS)
async def test_each_answer_means_what_it_means_of_bytes(
    answers: dict[str, str], after: str, expected: type[SmtpError]
) -> None:
    async with SmtpSink(answers=answers, after_data=after) as sink:
        answer = 0.05 if after == SILENCE else PATIENCE
        assert type(await failed(sink.server, HEAD + b"Hello.\r\n", answer)) is expected


def test_what_we_lean_on_is_there() -> None:
    """Private names of aiosmtplib: where this fails after an update, read its protocol.py anew."""
    assert callable(SMTPProtocol._drain_helper)
    assert "_response_pending" in SMTPProtocol.__init__.__code__.co_names
    assert "_response_pending" in SMTPProtocol.data_received.__code__.co_names
