"""The door to mail servers: secured, and each failure by its name."""

import ssl
from pathlib import Path

import pytest

from mail.smtp import (
    Deferred,
    LoginRefused,
    Refused,
    SenderRefused,
    Smtp,
    SmtpError,
    SmtpServer,
    TlsFailed,
    Unknown,
    Unreachable,
)
from models.mailbox import MailSecurity
from tests.support.firm.cast import ANNA
from tests.support.servers.certificate import certificate
from tests.support.servers.smtp import DROP, SmtpSink
from tests.support.waiting import PATIENCE

RAW = b"Subject: Hello\r\n\r\n.dot\r\n..two\r\nend\r\n"
BEA, CARL = "bea@client.test", "carl@client.test"


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's, and that of a client that trusts it."""
    pem = certificate(tmp_path, "localhost")
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))


async def sent(server: SmtpServer, *to: str, tls: ssl.SSLContext | None = None) -> object:
    async with Smtp.open(server, timeout=PATIENCE, tls=tls) as smtp:
        return await smtp.deliver(RAW, sender="portal@firm.test", to=to or (ANNA,))


async def failed(server: SmtpServer, *to: str, tls: ssl.SSLContext | None = None) -> SmtpError:
    with pytest.raises(SmtpError) as error:
        await sent(server, *to, tls=tls)
    return error.value


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtps://mail.test", SmtpServer("mail.test", 465, MailSecurity.TLS)),
        ("smtps://a%40b:p%2Fw@mail.test:4650", SmtpServer("mail.test", 4650, MailSecurity.TLS, "a@b", "p/w")),
        ("smtp://mail.test", SmtpServer("mail.test", 587, MailSecurity.STARTTLS)),
        ("smtp://mail.test:25", SmtpServer("mail.test", 25, MailSecurity.STARTTLS)),
        ("smtp://127.0.0.1:1025", SmtpServer("127.0.0.1", 1025, MailSecurity.NONE)),
        ("smtps://localhost", SmtpServer("localhost", 465, MailSecurity.TLS)),
    ],
)
def test_the_line_is_secured_but_on_the_loopback(url: str, server: SmtpServer) -> None:
    assert SmtpServer.of_url(url) == server


async def test_the_bytes_arrive_as_they_are() -> None:
    async with SmtpSink() as sink:
        assert await sent(sink.server) == {}
    assert sink.letters[0].raw == RAW


@pytest.mark.parametrize("implicit", [True, False])
async def test_over_tls_and_by_starttls(tls: tuple[ssl.SSLContext, ssl.SSLContext], implicit: bool) -> None:
    async with SmtpSink(tls=tls[0], implicit=implicit, extensions=("STARTTLS",)) as sink:
        security = MailSecurity.TLS if implicit else MailSecurity.STARTTLS
        server = SmtpServer("localhost", sink.port, security)
        assert await sent(server, tls=tls[1]) == {}
        assert len(sink.letters) == 1
        error = await failed(server)  # trusts no such certificate
        assert isinstance(error, TlsFailed)
        assert "certificate of localhost cannot be trusted" in error.message
        assert len(sink.letters) == 1


@pytest.mark.parametrize(
    "sink", [SmtpSink(), SmtpSink(extensions=("STARTTLS",), answers={"STARTTLS": "454 4.7.0 not available"})]
)
async def test_encryption_that_is_stripped_or_refused_sends_nothing(sink: SmtpSink) -> None:
    async with sink:
        error = await failed(SmtpServer("localhost", sink.port, MailSecurity.STARTTLS, "portal", "hunter2"))
    assert isinstance(error, TlsFailed | Unreachable)
    assert not any(command.startswith(("MAIL", "AUTH")) for command in sink.commands)


async def test_one_of_three_recipients_is_refused_and_the_others_get_it() -> None:
    async with SmtpSink(answers={f"RCPT {BEA}": "550 5.1.1 no such user"}) as sink:
        untaken = await sent(sink.server, ANNA, BEA, CARL)
    assert isinstance(untaken, dict)
    assert list(untaken) == [BEA]
    assert untaken[BEA].no_such_mailbox
    assert sink.letters[0].to == (ANNA, CARL)


async def test_what_was_refused_leaves_nothing_behind_for_the_next_letter() -> None:
    async with SmtpSink(answers={f"RCPT {BEA}": "550 no"}) as sink, Smtp.open(sink.server) as smtp:
        with pytest.raises(Refused):
            await smtp.deliver(RAW, sender="portal@firm.test", to=[BEA])

        async def no() -> bool:
            return False

        assert await smtp.deliver(RAW, sender="portal@firm.test", to=[ANNA], may_leave=no) is None
        await smtp.deliver(RAW, sender="portal@firm.test", to=[CARL])
    assert [letter.to for letter in sink.letters] == [(CARL,)]
    assert sink.lines == 1


@pytest.mark.parametrize(
    ("sink", "kind", "code"),
    [
        (SmtpSink(answers={"RCPT": "451 4.7.1 greylisted"}), Deferred, 451),
        (SmtpSink(answers={"MAIL": "452 4.3.1 full"}), Deferred, 452),
        (SmtpSink(after_data="452 4.3.1 full"), Deferred, 452),
        (SmtpSink(answers={"DATA": "250 2.0.0 out of step"}), Deferred, 250),
        (SmtpSink(answers={"RCPT": "354 out of step"}), Deferred, 354),
        (SmtpSink(answers={"MAIL": "552 5.3.4 too large"}), Refused, 552),
        (SmtpSink(answers={"RCPT": "553 5.1.3 odd"}), Refused, 553),
        (SmtpSink(after_data="554 5.6.0 odd"), Refused, 554),
        (SmtpSink(answers={"MAIL": "530 5.7.0 sign in first"}), SenderRefused, None),
        (SmtpSink(answers={"RCPT": "421 4.3.2 going down"}), Unreachable, None),
        (SmtpSink(after_data=DROP), Unknown, None),
        (SmtpSink(after_data="220"), None, None),
    ],
)
async def test_each_answer_has_its_name(sink: SmtpSink, kind: type[SmtpError] | None, code: int | None) -> None:
    async with sink:
        if kind is None:
            assert await sent(sink.server) == {}
            return
        error = await failed(sink.server)
    assert type(error) is kind
    assert getattr(error, "code", None) == code


async def test_only_an_address_that_leads_nowhere_is_no_mailbox() -> None:
    for status, none in [("5.1.1", True), ("5.1.10", True), ("5.1.8", False), ("5.2.2", False), ("5.7.1", False)]:
        async with SmtpSink(answers={"RCPT": f"550 {status} words"}) as sink:
            error = await failed(sink.server)
        assert isinstance(error, Refused)
        assert error.no_such_mailbox is none, status


@pytest.mark.parametrize("extensions", [("AUTH PLAIN",), ()])
async def test_a_refused_sign_in_is_told_without_the_password(extensions: tuple[str, ...]) -> None:
    async with SmtpSink(extensions=extensions, answers={"AUTH": "535 5.7.8 hunter2 is wrong"}) as sink:
        error = await failed(sink.server_with("portal", "hunter2"))
    assert isinstance(error, LoginRefused)
    assert "hunter2" not in f"{error!r} {error.__cause__!r} {error.__context__!r}"


async def test_an_address_outside_of_ascii_needs_a_server_that_takes_it() -> None:
    async with SmtpSink() as sink:
        await sent(sink.server, "jürgen@client.test")
    assert sink.letters[0].to == ("jürgen@client.test",)
    assert any(command.endswith("SMTPUTF8") for command in sink.commands)
    async with SmtpSink(extensions=()) as plain:
        assert isinstance(await failed(plain.server, "jürgen@client.test"), Refused)


async def test_a_servers_words_are_shown_in_one_line_and_without_links() -> None:
    answer = "550-5.7.1 You\x07 are\r\n550 listed, see https://list.test/?q=1"
    async with SmtpSink(answers={"RCPT": answer}) as sink:
        assert (await failed(sink.server)).message.endswith("550 5.7.1 You are listed, see …")
