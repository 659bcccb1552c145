"""What a NO, a BAD or a BYE means at the door: a wrong secret, a session that is over, a server that wants patience."""

import asyncio

import pytest

from mail.imap import Busy, Imap, ImapError, Message, Refused, SecretRefused, Unreachable
from mail.imap.refusals import refused
from tests.support.emails.imap_client import HOTEL, signed_in
from tests.support.servers.imap import ARRIVED, ImapServer
from tests.support.waiting import NEVER, PATIENCE, patience

GOOGLE = b'{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}'
EXPIRED = b'{"status":"401","schemes":"bearer mac","scope":"https://mail.google.com/"}'
DOVECOT = b'{"status":"invalid_token","schemes":"bearer","scope":"mail"}'
BUSY = b'{"status":"503","schemes":"Bearer"}'


async def by_token(server: ImapServer, token: str = "ya29.a-token") -> Imap:
    return await Imap.connect(server.server, username="anna", access_token=token, timeout=PATIENCE)


@pytest.mark.parametrize(
    ("challenges", "answer"),
    [
        ((GOOGLE,), b"NO Invalid SASL argument. qk7if1705226pac.117"),
        ((GOOGLE,), b"BAD Invalid SASL argument. qk7if1705226pac.117"),
        ((EXPIRED,), b"NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)"),
        ((GOOGLE,), b"NO Lookup failed cf29mb85450632edb"),
        ((DOVECOT,), b"NO [AUTHENTICATIONFAILED] Authentication failed."),
        ((), b"NO AUTHENTICATE failed."),  # Microsoft
        ((), b"NO [AUTHENTICATIONFAILED] (#AUTH901) The provided OAuth2 access token is invalid"),  # Yahoo
        ((), b"NO [EXPIRED] gone"),
        ((b"",), b"NO no"),
        ((b"[" * 3_000,), b"NO no"),
        ((b"\xff\x00 not JSON",), b"NO no"),
        ((b"{}", b"{}", b"{}"), b"NO no"),
    ],
)
async def test_a_token_that_is_refused_is_told_as_such_in_plain_words(
    challenges: tuple[bytes, ...], answer: bytes
) -> None:
    async with ImapServer() as server:
        server.token, server.challenges, server.token_refused = "another", challenges, answer
        async with patience():
            with pytest.raises(SecretRefused, match="refused the access that was granted") as raised:
                await by_token(server)
    assert "ya29" not in raised.value.message


@pytest.mark.parametrize(
    ("challenges", "answer"),
    [
        ((BUSY,), b"NO AUTHENTICATE failed."),
        ((b'{"status":429}',), b"NO AUTHENTICATE failed."),
        ((), b"NO [UNAVAILABLE] Temporary authentication failure. [mail:2026-11-30]"),
        ((), b"NO [THROTTLED] slow down"),
        ((), b"NO [LIMIT] LOGIN Rate limit hit"),
        ((), b"NO [INUSE] in use"),
        ((), b"NO Server Unavailable. 15"),  # Microsoft
        ((), b"NO [ALERT] Too many simultaneous connections. (Failure)"),
        ((), b"BAD Request is throttled. Suggested Backoff Time: 27319 milliseconds"),
        ((), b"NO Maximum number of connections from user+IP exceeded"),
        ((), b"NO [CONTACTADMIN] later"),
    ],
)
async def test_a_server_that_is_busy_or_away_refuses_no_token(challenges: tuple[bytes, ...], answer: bytes) -> None:
    async with ImapServer() as server:
        server.token, server.challenges, server.token_refused = "another", challenges, answer
        with pytest.raises(Unreachable, match="no sign-in at the moment"):
            await by_token(server)


async def test_a_token_is_not_sent_to_a_server_that_takes_none() -> None:
    async with ImapServer() as server:
        server.capabilities = "IMAP4rev1 AUTH=PLAIN"
        with pytest.raises(Refused, match="XOAUTH2") as raised:
            await by_token(server)
        assert not isinstance(raised.value, SecretRefused)
        assert "AUTHENTICATE" not in server.commands


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"* BYE Too many invalid IMAP login attempts.\r\n{tag} NO [AUTHENTICATIONFAILED] no\r\n", SecretRefused),
        (b"* BYE [AUTHENTICATIONFAILED] no\r\n{tag} NO no\r\n", SecretRefused),
        (b"* BYE Too many connections\r\n{tag} NO Login failed.\r\n", Unreachable),
        (b"{tag} NO [ALERT] Application-specific password required: https://support.example/\r\n", SecretRefused),
        (b"{tag} NO [PRIVACYREQUIRED] not in clear text\r\n", Refused),
        (b"{tag} NO [WEBALERT https://accounts.example/] Web login required.\r\n", SecretRefused),
        (b"{tag} NO Login failed.\r\n", SecretRefused),
    ],
)
async def test_a_goodbye_to_a_sign_in_hides_no_refusal(answer: bytes, kind: type[ImapError]) -> None:
    async with ImapServer() as server:
        server.say["LOGIN"] = answer
        with pytest.raises(kind) as raised:
            await signed_in(server)
    assert type(raised.value) is kind
    assert "example" not in raised.value.message
    assert ("made for apps" in raised.value.message) is (b"Application" in answer)


ENDED = [
    b"NO [AUTHENTICATIONFAILED] session expired",
    b"NO Session has expired, please log in again",
    b"BAD User is authenticated but not connected.",
    b"BAD Command received in Invalid state.",
    b"NO [EXPIRED] token",
]


@pytest.mark.parametrize("answer", ENDED)
@pytest.mark.parametrize("command", ["LIST", "EXAMINE", "UID SEARCH", "UID FETCH", "IDLE", "STATUS"])
async def test_a_session_that_is_over_ends_the_connection_and_no_message_or_password_is_blamed(
    answer: bytes, command: str
) -> None:
    async with ImapServer() as server:
        server.inbox.append(HOTEL)
        server.say[command] = b"{tag} " + answer + b"\r\n"
        async with patience():
            with pytest.raises(Unreachable, match="ended the session"):
                await whole_session(server)


async def whole_session(server: ImapServer) -> None:
    async with await signed_in(server, timeout=NEVER) as imap:
        try:
            await imap.folders()
            await imap.status("Sent")
            await imap.examine("INBOX")
            await imap.uids(1)
            assert [found async for found in imap.messages([(1, 9)])] == [Message(1, ARRIVED, HOTEL)]
            await imap.idle(NEVER)
        except Unreachable:
            with pytest.raises(Unreachable):
                await imap.folders()
            raise


@pytest.mark.parametrize("reason", ["Session invalidated - AccessTokenExpired", "Connection closed. 14", ""])
async def test_a_token_that_ends_in_the_midst_of_idle_is_no_wrong_secret(reason: str) -> None:
    async with ImapServer() as server, await signed_in(server, timeout=NEVER) as imap:
        await imap.examine("INBOX")
        server.say["IDLE"] = f"+ idling\r\n* BYE {reason}\r\n".encode()
        async with patience():
            with pytest.raises(Unreachable, match=f"ended the connection: {reason or 'it gave no reason'}"):
                await imap.idle(NEVER)


async def test_a_token_that_ends_in_the_midst_of_a_literal_is_a_lost_connection() -> None:
    async with ImapServer() as server, await signed_in(server, timeout=NEVER) as imap:
        server.inbox.append(HOTEL)
        await imap.examine("INBOX")
        server.say["UID FETCH"] = b"* 1 FETCH (UID 1 BODY[] {900}\r\nhalf of it\r\n* BYE Session invalidated\r\n"
        async with patience():
            fetching = asyncio.ensure_future(anext(imap.messages([(1, 900)])))
            await server.until("UID FETCH")
            await server.cut_all()
            with pytest.raises(Unreachable, match="was lost"):
                await fetching


@pytest.mark.parametrize(
    "answer",
    [
        b"NO [THROTTLED] slow down",
        b"NO [OVERQUOTA] Account exceeded command or bandwidth limits.",
        b"NO [LIMIT] later",
        b"NO [INUSE] in use",
        b"NO [UNAVAILABLE] storage is down",
        b"BAD Request is throttled. Suggested Backoff Time: 27319 milliseconds",
        b"NO Server is busy",
    ],
)
async def test_a_throttled_server_gives_no_message_up_and_the_connection_goes_on(answer: bytes) -> None:
    async with ImapServer() as server, await signed_in(server) as imap:
        for _ in range(3):
            server.inbox.append(HOTEL)
        await imap.examine("INBOX")
        for command in ("UID FETCH", "UID SEARCH", "IDLE"):
            server.say[command] = b"{tag} " + answer + b"\r\n"
        before = len(server.commands)
        with pytest.raises(Busy):
            _ = [found async for found in imap.messages([(1, 9), (2, 9), (3, 9)])]
        with pytest.raises(Busy):
            await imap.uids(1)
        with pytest.raises(Busy):
            await imap.idle(NEVER)
        assert len(server.commands) == before + 3  # nothing is split, searched or asked otherwise
        server.say.clear()
        assert await imap.uids(1) == [1, 2, 3]


@pytest.mark.parametrize("words", [b"[NONEXISTENT] no such folder", b"[NOPERM] not yours", b"cannot read that", b""])
def test_other_refusals_concern_what_was_asked(words: bytes) -> None:
    assert type(refused(words)) is Refused


async def test_idle_that_is_offered_and_refused_is_asked_for_no_more() -> None:
    async with ImapServer() as server, await signed_in(server) as imap:
        await imap.examine("INBOX")
        server.say["IDLE"] = b"{tag} NO not for you\r\n"
        assert not await imap.idle(0.05)
        assert not imap.can_idle
        server.inbox.append(HOTEL)
        assert await imap.idle(0.05)
        assert server.commands.count("IDLE") == 1
