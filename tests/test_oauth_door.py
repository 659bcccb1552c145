"""The door to token servers: what it says, whom it calls, and what it takes for an answer."""

import gzip
import json
import logging
import ssl
import traceback
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from mail.calling import HostPrivate, NoAddress
from mail.oauth import Denied, Granted, Insecure, NotNow, TokenError, fetch
from models.errors import ErrorCode
from models.ground import clock
from models.mailbox import OAuth
from tests.support.firm.factories import mail_ports
from tests.support.processes.switchboard import a_free_port
from tests.support.servers.certificate import certificate
from tests.support.servers.tokens import DRIP, SILENCE, TokenServer, answer, names
from tests.support.waiting import PATIENCE

GOOD = {"access_token": "ya29", "token_type": "Bearer", "expires_in": 3600}
HOUR = timedelta(hours=1)


@pytest.fixture
async def server() -> AsyncIterator[TokenServer]:
    async with TokenServer() as server:
        yield server


async def granted(server: TokenServer, *, seconds: float = PATIENCE, **other: str) -> Granted:
    return await fetch(replace(server.oauth, **other), private=True, seconds=seconds)


async def denied(server: TokenServer, *, seconds: float = PATIENCE, **other: str) -> TokenError:
    with pytest.raises(TokenError) as error:
        await granted(server, seconds=seconds, **other)
    return error.value


async def test_a_refresh_token_is_answered_with_an_access_token(server: TokenServer) -> None:
    assert await granted(server) == Granted("access 1", HOUR)
    (asked,) = server.asked
    assert asked.host == server.oauth.token_url.split("/")[2]
    assert asked.form == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh 0",
        "client_id": "client 1",
        "client_secret": "the client's secret",
    }


async def test_a_public_client_has_no_secret_to_send(server: TokenServer) -> None:
    server.oauth = replace(server.oauth, client_secret=None)
    await granted(server)
    assert "client_secret" not in server.asked[0].form


async def test_a_server_that_wants_the_secret_in_the_header_gets_it_there(server: TokenServer) -> None:
    """RFC 6749, 2.3.1: encoded as in a form, and never in both places."""
    server.in_header = True
    server.oauth = replace(server.oauth, client_secret=": &+% ='")
    assert (await granted(server)).access_token == "access 1"
    first, second = server.asked
    assert first.authorization is None
    assert second.form.keys() == {"grant_type", "refresh_token"}


async def test_a_refresh_token_that_takes_the_place_of_the_old_one_is_handed_on(server: TokenServer) -> None:
    server.rotates = True
    assert (await granted(server)).refresh_token == "refresh 1"
    for none in (None, ""):
        server.says = [answer(200, GOOD | {"refresh_token": none})]
        assert (await granted(server)).refresh_token is None


@pytest.mark.parametrize(
    ("expires_in", "lasts"),
    [
        (60, timedelta(minutes=1)),
        ("3599", timedelta(seconds=3599)),
        (1.5, timedelta(seconds=1.5)),
        (0, timedelta(0)),
        (-5, timedelta(0)),
        (10**30, timedelta(days=1)),
        (1e300, timedelta(days=1)),
        (None, HOUR),
        (True, HOUR),
        ("soon", HOUR),
        ("9" * 5_000, HOUR),
        ("٣", HOUR),
        ([1], HOUR),
    ],
)
async def test_it_lasts_as_long_as_the_server_says_an_hour_where_it_does_not_and_a_day_at_most(
    server: TokenServer, expires_in: object, lasts: timedelta
) -> None:
    server.says = [answer(200, GOOD | {"expires_in": expires_in})]
    assert (await granted(server)).lasts == lasts


async def test_without_a_word_about_how_long_it_lasts_it_is_an_hour(server: TokenServer) -> None:
    server.says = [answer(200, {"access_token": 'with "quotes"'})]
    assert await granted(server) == Granted('with "quotes"', HOUR)


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize(
    ("error", "part"),
    [
        ("invalid_grant", "refreshToken"),
        ("interaction_required", "refreshToken"),
        ("consent_required", "refreshToken"),
        ("invalid_client", "clientSecret"),
        ("unauthorized_client", "clientId"),
    ],
)
async def test_what_only_a_person_can_mend_is_told_apart_with_its_place(
    server: TokenServer, status: int, error: str, part: str
) -> None:
    server.says = [answer(status, {"error": error, "error_description": "refresh 0 ended"})] * 2
    told = await denied(server)
    assert (type(told), told.part, told.code) == (Denied, part, ErrorCode.MAILBOX_SECRET_REFUSED)
    assert "refresh 0" not in told.message


async def test_a_client_without_a_secret_that_is_not_known_is_asked_for_its_id(server: TokenServer) -> None:
    server.oauth = replace(server.oauth, client_secret=None)
    server.says = [answer(401, {"error": "invalid_client"})]
    assert (await denied(server)).part == "clientId"


BROKEN = {
    "not JSON": answer(200, b"<html>Welcome</html>"),
    "nothing": answer(200, b""),
    "a list": answer(200, ["access_token"]),
    "no token": answer(200, {"expires_in": 3600}),
    "a token that is none": answer(200, GOOD | {"access_token": 7}),
    "an empty token": answer(200, GOOD | {"access_token": ""}),
    "a token with a line break": answer(200, GOOD | {"access_token": "ya29\r\nA1 LOGOUT"}),
    "a token that ends its field": answer(200, GOOD | {"access_token": "ya29\1auth=Bearer other"}),
    "a token in other letters": answer(200, GOOD | {"access_token": "yä29"}),
    "a token without an end": answer(200, GOOD | {"access_token": "y" * 16_001}),
    "a refresh token with a line break": answer(200, GOOD | {"refresh_token": "new\n"}),
    "a refresh token that is none": answer(200, GOOD | {"refresh_token": {"new": 1}}),
    "another kind of token": answer(200, GOOD | {"token_type": "mac"}),
    "an error that is none": answer(200, {"error": "invalid_grant"}),
    "an error in a list": answer(400, [{"error": "invalid_grant"}]),
    "an error that is a number": answer(400, {"error": 3}),
    "an error that nobody knows": answer(400, {"error": "refresh 0"}),
    "a page of somebody else": answer(403, b"<html>Blocked by the firewall</html>"),
    "a known error that mends": answer(400, {"error": "invalid_scope"}),
    "an error while it is down": answer(500, {"error": "invalid_grant"}),
    "not found": answer(404, b"no such page"),
    "nested without an end": answer(200, b"[" * 60_000),
    "too large": answer(200, b'{"access_token": "' + b"y" * 70_000 + b'"}'),
    "too large by its own word": b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n" + b" " * 70_000,
    "in pieces without an end": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    + b"10000\r\n%b\r\n" % (b" " * 65_536) * 3,
    "cut": b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{",
    "no HTTP": b"220 mail.test ESMTP\r\n",
    "headers without an end": b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 60_000,
    "nothing at all": b"",
}


@pytest.mark.parametrize("said", BROKEN.values(), ids=BROKEN.keys())
async def test_whatever_cannot_be_an_answer_is_asked_again_later(server: TokenServer, said: bytes) -> None:
    server.says = [said]
    told = await denied(server)
    assert (type(told), told.part, told.code) == (NotNow, "tokenUrl", ErrorCode.MAILBOX_UNREACHABLE)
    assert len(server.asked) == 1
    assert told.message.endswith(".")


async def test_what_is_packed_is_not_unfolded(server: TokenServer) -> None:
    server.says = [answer(200, gzip.compress(b" " * 50_000_000), content_encoding="gzip")]
    assert type(await denied(server)) is NotNow


@pytest.mark.parametrize("said", [SILENCE, DRIP])
async def test_a_server_that_takes_its_time_gets_a_few_seconds_for_all_of_it(server: TokenServer, said: bytes) -> None:
    server.says = [said]
    told = await denied(server, seconds=0.2)
    assert told.message == "127.0.0.1 gave no access token within 0.2 seconds."


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirection_is_not_followed(server: TokenServer, status: int) -> None:
    async with TokenServer() as other:
        server.says = [answer(status, b"", location=other.oauth.token_url)]
        told = await denied(server)
        assert type(told) is NotNow
        assert "leads elsewhere" in told.message
        assert other.asked == []


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def noon() -> Iterator[None]:
    clock.set_source(lambda: NOON)
    yield
    clock.set_source(None)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", 120),
        (format_datetime(NOON + timedelta(minutes=5), usegmt=True), 300),
        (format_datetime(NOON - timedelta(minutes=5), usegmt=True), 0),
        ("Sun, 01 Mar 2026 12:00:07", 7),
        ("9" * 30, 86_400),
        ("-4", 0),
        ("soon", 0),
        ("", 0),
        ("٣", 0),
        ("Mon, 99 Foo 99999 99:99:99 +9999", 0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_server_is_left_alone_as_long_as_it_asks_for(
    server: TokenServer, noon: None, status: int, header: str, wait: float
) -> None:
    """RFC 9110, 10.2.3: in seconds or as a date; at most a day."""
    said = answer(status, {"error": "invalid_grant"}).replace(b"connection:", f"Retry-After: {header}\r\nc:".encode())
    server.says = [said]
    told = await denied(server)
    assert isinstance(told, NotNow)
    assert told.wait == wait


async def test_a_private_host_is_not_called_outside_of_development(server: TokenServer) -> None:
    with names(inner_test=["127.0.0.1"]), mail_ports(server.port):
        for host in ("127.0.0.1", "localhost", "inner.test"):
            with pytest.raises(HostPrivate):
                await fetch(replace(server.oauth, token_url=server.url(host)), private=False)
    assert server.asked == []


async def test_only_the_port_of_https_is_called_outside_of_development(server: TokenServer) -> None:
    with mail_ports():
        told = await denied(server)
    assert "SWITCHBOARD_MAIL_PORTS" in told.message
    assert server.asked == []


async def test_the_very_address_that_was_looked_at_is_called_by_the_name_of_the_host(server: TokenServer) -> None:
    """A name that leads elsewhere the second time (DNS rebinding) is not asked twice."""
    with names(accounts_test=["127.0.0.1", "192.0.2.1"]) as looked_up:
        await granted(server, token_url=server.url("accounts.test"))
    assert looked_up == ["accounts.test"]
    assert server.asked[0].host == server.url("accounts.test").split("/")[2]


async def test_no_proxy_of_the_environment_comes_in_between(
    server: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{a_free_port()}")
    await granted(server)


async def test_of_a_host_with_several_addresses_the_next_one_is_called_where_nobody_answers(
    server: TokenServer,
) -> None:
    there = server.url("two.test")
    with names(two_test=["localhost"]):  # ::1, where it has one, then 127.0.0.1
        await granted(server, token_url=there)
    assert len(server.asked) == 1


async def test_who_is_not_there_is_said(server: TokenServer) -> None:
    told = await denied(server, token_url=f"http://127.0.0.1:{a_free_port()}/token")
    assert "cannot be reached" in told.message
    for nobody in ("https://no-such-host.invalid/token", f"https://{'x' * 70}.test/token"):
        with pytest.raises(NoAddress):
            await granted(server, token_url=nobody)


@pytest.fixture
async def secure(tmp_path: Path) -> AsyncIterator[tuple[TokenServer, ssl.SSLContext]]:
    """The server, and what a client that trusts it has."""
    pem = certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    async with TokenServer(tls=context) as server:
        yield server, ssl.create_default_context(cafile=str(pem))


async def test_the_certificate_is_the_hosts_whatever_address_is_called(
    secure: tuple[TokenServer, ssl.SSLContext],
) -> None:
    server, trusting = secure
    there = replace(server.oauth, token_url=server.url("localhost"))
    await fetch(there, private=True, tls=trusting)
    assert server.asked[0].server_name == "localhost"
    with names(other_test=["127.0.0.1"]):
        for stranger, tls in ((server.url("other.test"), trusting), (server.url("localhost"), None)):
            with pytest.raises(Insecure, match="cannot be trusted"):
                await fetch(replace(there, token_url=stranger), private=True, tls=tls)
    assert len(server.asked) == 1


async def test_no_secret_is_in_an_error_or_a_line_of_the_log(
    server: TokenServer, caplog: pytest.LogCaptureFixture
) -> None:
    """P9"""
    caplog.set_level(logging.DEBUG)
    echo = {"error": "invalid_grant", "error_description": "refresh 0 of the client's secret"}
    server.says = [answer(400, echo), answer(400, json.dumps(echo | {"error": "refresh 0"}).encode()), b"", SILENCE]
    told = [await denied(server, seconds=0.5) for _ in range(4)]
    await granted(server)
    words = "".join("".join(traceback.format_exception(error)) for error in told) + caplog.text + repr(server.oauth)
    for secret in ("refresh 0", "the client's secret", "refresh+0", "access 1", "client+1"):
        assert secret not in words


def test_no_secret_is_shown_by_what_is_handed_on() -> None:
    assert repr(Granted("ya29", HOUR, "refresh")).count("ya29") == 0
    assert "refresh" not in repr(OAuth("https://a.test", "id", "refresh", "secret")).replace("refresh_token", "")
