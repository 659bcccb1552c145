"""The IMAP door: who gets in, over which line, and how it is told when not."""

import logging
import ssl
import traceback
from pathlib import Path

import pytest

from mail.imap import Imap, ImapError, Message, NoImap, Refused, SecretRefused, TlsFailed, Unreachable
from models.errors import ErrorCode
from models.mailbox.server import MailSecurity, MailServer
from tests.support.emails.imap_client import HOTEL, signed_in
from tests.support.processes.switchboard import a_free_port
from tests.support.servers.certificate import certificate
from tests.support.servers.imap import ARRIVED, ImapServer
from tests.support.waiting import PATIENCE, patience


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    return certificate(tmp_path, "localhost")


def serving(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def connect_to_localhost(server: ImapServer, pem: Path | None, host: str = "localhost") -> Imap:
    at = MailServer(host, server.server.port, server.security)
    tls = ssl.create_default_context(cafile=pem)
    return await Imap.connect(at, username="anna", password="secret", timeout=PATIENCE, address="127.0.0.1", tls=tls)


@pytest.mark.parametrize("password", ["plain", 'x" OR ALL', "back\\slash", "grün 漢字", "line\r\nbreak", ""])
@pytest.mark.parametrize("mechanisms", ["AUTH=PLAIN", ""])
async def test_any_password_signs_in(password: str, mechanisms: str) -> None:
    async with ImapServer(password=password, username="anna") as server:
        server.capabilities = f"IMAP4rev1 {mechanisms}"
        async with await signed_in(server, password=password) as imap:
            await imap.examine("INBOX")


async def test_a_wrong_password_is_refused_and_told_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with ImapServer() as server:
        for wrong in ("hunter2", "hünter2"):
            with pytest.raises(SecretRefused) as refused:
                await signed_in(server, password=wrong)
            assert refused.value.code == ErrorCode.MAILBOX_SECRET_REFUSED
            assert wrong not in "".join(traceback.format_exception(refused.value))
    assert "nter2" not in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        "NO [UNAVAILABLE] later",
        "NO [INUSE] busy",
        "NO [LIMIT] rate",
        "NO [ALERT] Too many simultaneous connections. (Failure)",
    ],
)
async def test_a_busy_server_is_no_refusal_of_the_password(answer: str) -> None:
    async with ImapServer() as server:
        server.say["LOGIN"] = b"{tag} %b\r\n" % answer.encode()
        with pytest.raises(Unreachable):
            await signed_in(server)


async def test_a_sign_in_that_is_not_understood_is_no_refusal_of_the_password() -> None:
    async with ImapServer() as server:
        server.say["LOGIN"] = b"{tag} BAD what\r\n"
        with pytest.raises(Refused):
            await signed_in(server)


async def test_a_password_is_not_sent_where_it_is_not_taken() -> None:
    async with ImapServer() as server:
        server.capabilities = "IMAP4rev1 LOGINDISABLED STARTTLS"
        with pytest.raises(Refused, match="takes no password"):
            await signed_in(server)
    assert "LOGIN" not in server.commands


async def test_an_access_token_signs_in_and_a_wrong_one_does_not_hang() -> None:
    async with ImapServer() as server:
        server.token = "ya29"
        async with patience():
            await (await Imap.connect(server.server, username="anna", access_token="ya29")).close()
            with pytest.raises(SecretRefused):
                await Imap.connect(server.server, username="anna", access_token="old")


@pytest.mark.parametrize("security", [MailSecurity.TLS, MailSecurity.STARTTLS])
async def test_the_line_is_encrypted_with_a_trusted_certificate_only(security: MailSecurity, pem: Path) -> None:
    async with ImapServer(tls=serving(pem), security=security) as server:
        server.inbox.append(HOTEL)
        async with await connect_to_localhost(server, pem) as imap:
            await imap.examine("INBOX")
            assert [found async for found in imap.messages([(1, 9)])] == [Message(1, ARRIVED, HOTEL)]
        entered = server.commands.count("LOGIN")
        with pytest.raises(TlsFailed, match="cannot be trusted"):
            await connect_to_localhost(server, None)
        with pytest.raises(TlsFailed, match="cannot be trusted"):
            await connect_to_localhost(server, pem, host="other.test")
        assert server.commands.count("LOGIN") == entered == 1


@pytest.mark.parametrize(
    "answer", [b"{tag} BAD no\r\n", b"{tag} NO no\r\n", b"{tag} OK begin\r\n* OK [ALERT] injected\r\n"]
)
async def test_starttls_is_never_done_without(answer: bytes, pem: Path) -> None:
    async with ImapServer(tls=serving(pem), security=MailSecurity.STARTTLS) as server:
        server.say["STARTTLS"] = answer
        with pytest.raises(TlsFailed):
            await connect_to_localhost(server, pem)
    assert server.commands == ["STARTTLS"]


async def test_a_server_that_signs_in_by_itself_cannot_avoid_starttls(pem: Path) -> None:
    async with ImapServer(tls=serving(pem), security=MailSecurity.STARTTLS) as server:
        server.greeting = b"* PREAUTH welcome anna\r\n"
        with pytest.raises(TlsFailed):
            await connect_to_localhost(server, pem)
    assert server.commands == []


async def test_a_line_in_clear_text_is_not_taken_for_an_encrypted_one(pem: Path) -> None:
    async with ImapServer() as server:
        server.security = MailSecurity.TLS
        with pytest.raises(TlsFailed):
            await connect_to_localhost(server, pem)


async def test_who_does_not_talk_imap_is_told_apart_from_who_is_not_there() -> None:
    async with ImapServer() as server:
        nobody = MailServer("127.0.0.1", a_free_port(), MailSecurity.NONE)
        for greeting, kind in {
            b"220 mail ESMTP\r\n": NoImap,
            b"\x16\x03\x01": NoImap,
            b"* HELLO\r\n": NoImap,
            b"* BYE closed for today\r\n": Unreachable,
        }.items():
            server.greeting = greeting
            with pytest.raises(kind):
                await signed_in(server)
    for at in (nobody, MailServer("no-such-host.invalid", 993)):
        with pytest.raises(Unreachable):
            await Imap.connect(at, username="anna", password="secret", timeout=PATIENCE)


def test_every_error_has_a_code() -> None:
    kinds = (Unreachable, TlsFailed, SecretRefused, NoImap, Refused)
    assert all(issubclass(kind, ImapError) and isinstance(kind("x").code, ErrorCode) for kind in kinds)
