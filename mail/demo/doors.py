"""The two doors of the demo mail server: pymap for IMAP (or Dovecot), aiosmtpd for SMTP, over the same mailboxes."""

import asyncio
from argparse import Namespace
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import uuid4

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from proxyprotocol.result import ProxyResultLocal
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxSet
from pymap.config import BackendCapability
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

from mail.demo.mailboxes import KeptMailboxSet
from mail.demo.users import MAILBOXES, OUTSIDE

HOST = "127.0.0.1"
LARGEST_MESSAGE = 64 * 1024 * 1024

Mailboxes = Mapping[str, KeptMailboxSet]
Deliver = Callable[[str, bytes], Awaitable[None]]
"""Puts a message into the INBOX of an address that has a mailbox here."""


async def open_imap(mailboxes: Mapping[str, MailboxSet], *, port: int, stack: AsyncExitStack) -> int:
    """The port it listens on. Without TLS: LOGIN and AUTHENTICATE work in the clear."""
    config = _Config.for_loopback()
    config.apply_context()
    login = Login(config)
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


async def open_smtp(deliver: Deliver, *, port: int, stack: AsyncExitStack) -> int:
    """The port it listens on. AUTH is offered and checked, and not needed."""
    delivery = _Delivery(deliver)
    return _listening(await asyncio.get_running_loop().create_server(lambda: _connection(delivery), HOST, port), stack)


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
    def backend_capability(self) -> BackendCapability:
        return BackendCapability(idle=True, object_id=False, multi_append=True)

    @property
    def greeting(self) -> bytes:
        return b"Demo mail ready"  # pymap's asks the DNS for this machine's name


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


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object) -> AuthResult:
    known = isinstance(given, LoginPassword) and any(
        (user.address.encode(), user.password.encode()) == (given.login, given.password) for user in MAILBOXES
    )
    return AuthResult(success=known, handled=False)


class _Delivery:
    """What aiosmtpd calls with each message; it lies in the mailbox when the sender is told so."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - theirs
        for address in dict.fromkeys(_mailbox_of(recipient) for recipient in envelope.rcpt_tos):
            await self._deliver(address, envelope.original_content or b"")
        return "250 OK"


def _mailbox_of(recipient: str) -> str:
    address = recipient.casefold()
    return address if any(address == user.address for user in MAILBOXES) else OUTSIDE.address
