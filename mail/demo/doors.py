"""The doors of the demo mail server: pymap for IMAP (or Dovecot), aiosmtpd for SMTP, and its provider of tokens."""

import asyncio
import binascii
from argparse import Namespace
from base64 import b64decode
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from uuid import uuid4
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from proxyprotocol.result import ProxyResultLocal
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Identity, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxSet
from pymap.config import BackendCapability
from pymap.exceptions import InvalidAuth
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import UserMetadata
from pysasl import SASLAuth
from pysasl.creds.external import ExternalCredentials, ExternalVerificationRequired
from pysasl.creds.server import ServerCredentials
from pysasl.hashing import Cleartext

from mail.demo.mailboxes import KeptMailboxSet
from mail.demo.tokens import LARGEST, Tokens
from mail.demo.users import MAILBOXES, OUTSIDE

HOST = "127.0.0.1"
LARGEST_MESSAGE = 64 * 1024 * 1024

Mailboxes = Mapping[str, KeptMailboxSet]
Deliver = Callable[[str, bytes], Awaitable[None]]
"""Puts a message into the INBOX of an address that has a mailbox here."""


async def open_imap(mailboxes: Mapping[str, MailboxSet], tokens: Tokens, *, port: int, stack: AsyncExitStack) -> int:
    """The port it listens on. Without TLS: LOGIN and AUTHENTICATE work in the clear."""
    config = _Config.for_loopback()
    config.apply_context()
    login = _Login(config, tokens)
    for user in MAILBOXES:
        login.users_dict[user.address] = UserMetadata(config, user.address, password=user.password)
        config.set_cache[user.address] = (mailboxes[user.address], FilterSet())
    imap = IMAPServer(login, config)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Not by pymap's ProxyProtocolReader: it makes a task that nobody keeps, which the collector ends in IDLE.
        await imap(reader, writer, SocketInfo.get(writer, ProxyResultLocal(), unique_id=uuid4().bytes))

    return _listening(await asyncio.start_server(connected, HOST, port), stack)


def inboxes_of(mailboxes: Mailboxes) -> Deliver:
    async def deliver(address: str, raw: bytes) -> None:
        await mailboxes[address].inbox.append(AppendMessage(raw, datetime.now(UTC)), recent=True)

    return deliver


async def open_smtp(deliver: Deliver, tokens: Tokens, *, port: int, stack: AsyncExitStack) -> int:
    """The port it listens on. AUTH is offered and checked, and not needed."""
    delivery = _Delivery(deliver, tokens)
    return _listening(await asyncio.get_running_loop().create_server(lambda: _connection(delivery), HOST, port), stack)


async def open_tokens(tokens: Tokens, *, port: int, stack: AsyncExitStack) -> int:
    """The port it listens on."""
    return _listening(await asyncio.start_server(tokens.serve, HOST, port, limit=LARGEST), stack)


def _listening(server: asyncio.Server, stack: AsyncExitStack) -> int:
    stack.callback(server.close)
    port: int = server.sockets[0].getsockname()[1]
    return port


class _Config(Config):
    @classmethod
    def for_loopback(cls) -> "_Config":
        args = Namespace(passlib_cfg=None, proxy_protocol=None)
        return cls(
            args,
            demo_data=False,
            demo_user="",
            demo_password="",
            host=HOST,
            port=0,
            tls_enabled=False,
            hash_context=Cleartext(),  # nothing to protect, and a slow hash for each login of each test
        )

    @property
    def tls_auth(self) -> SASLAuth:
        return SASLAuth.named([b"PLAIN", b"LOGIN", b"XOAUTH2"])

    @property
    def backend_capability(self) -> BackendCapability:
        return BackendCapability(idle=True, object_id=False, multi_append=True)

    @property
    def greeting(self) -> bytes:
        return b"Demo mail ready"  # pymap's asks the DNS for this machine's name


class _Login(Login):
    """Also by access token; who came in by one is sent away when it ends."""

    def __init__(self, config: Config, tokens: Tokens) -> None:
        super().__init__(config)
        self._opened_by = tokens
        self._sessions: defaultdict[str, WeakSet[asyncio.Task[object]]] = defaultdict(WeakSet)
        tokens.withdrawn = self._send_away

    async def authenticate(self, credentials: ServerCredentials) -> Identity:
        if not isinstance(credentials, ExternalCredentials):
            return await super().authenticate(credentials)
        address, task = credentials.authzid, asyncio.current_task()
        if self._opened_by.address(_token_of(credentials)) != address or task is None:
            raise InvalidAuth
        self._sessions[address].add(task)
        return Identity(address, self, None, frozenset())

    def _send_away(self, address: str) -> None:
        for session in self._sessions.pop(address, ()):
            session.cancel()


def _token_of(credentials: ExternalCredentials) -> str:
    try:
        credentials.verify(None)
    except ExternalVerificationRequired as demand:
        return demand.token or ""


class _Connection(SMTP):
    line_length_limit = 1024 * 1024  # real mail has lines far over the standard's 998


def _connection(delivery: "_Delivery") -> SMTP:
    return _Connection(
        delivery,
        hostname="demo.test",
        ident="Demo mail",
        data_size_limit=LARGEST_MESSAGE,
        enable_SMTPUTF8=True,
        auth_require_tls=False,
        authenticator=_authenticate,
        loop=asyncio.get_running_loop(),
    )


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: object) -> AuthResult:
    success = isinstance(login, LoginPassword) and any(
        (user.address.encode(), user.password.encode()) == (login.login, login.password) for user in MAILBOXES
    )
    return AuthResult(success=success, handled=False)


class _Delivery:
    """What aiosmtpd calls with each message; it lies in the mailbox when the sender is told so."""

    def __init__(self, deliver: Deliver, tokens: Tokens) -> None:
        self._deliver = deliver
        self._tokens = tokens

    async def auth_XOAUTH2(self, _server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802 - theirs
        """“user=ADDRESS, auth=Bearer TOKEN”, as Google has it."""
        with suppress(binascii.Error, UnicodeDecodeError, IndexError):
            user, token, *_ = b64decode(args[1]).decode().split("\1")
            address = self._tokens.address(token.removeprefix("auth=Bearer "))
            return AuthResult(success=address is not None and user == f"user={address}", handled=False)
        return AuthResult(success=False, handled=False)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - theirs
        for address in dict.fromkeys(_mailbox_of(recipient) for recipient in envelope.rcpt_tos):
            await self._deliver(address, envelope.original_content or b"")
        return "250 OK"


def _mailbox_of(recipient: str) -> str:
    address = recipient.casefold()
    return address if any(address == user.address for user in MAILBOXES) else OUTSIDE.address
