"""From a name to a connection: its host is resolved once, looked at, and that very address is called."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from mail import imap, smtp
from mail.imap import Imap
from mail.internet import in_dns, is_public
from mail.smtp import Smtp, SmtpServer
from models.errors import ErrorCode
from models.mailbox.server import MailServer

MOST_ADDRESSES = 3
RESOLVE_SECONDS = 10.0
Line = TypeVar("Line")


class NoAddress(Exception):
    """The name leads nowhere, or not now. `message` may be shown to people as it is."""

    code = ErrorCode.MAILBOX_UNREACHABLE

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class HostPrivate(NoAddress):
    """The name leads to a private address, where only our own machines are."""

    code = ErrorCode.MAILBOX_HOST_PRIVATE


async def call(
    server: MailServer,
    *,
    username: str,
    password: str | None = None,
    access_token: str | None = None,
    private: bool,
    timeout: float,
) -> Imap:
    """
    Signed in, with a password or an access token. `private`: an address inside of a private network will do.

    Raises NoAddress, ImapError.
    """
    addresses = await addresses_of(server.host, server.port, private=private)
    named = replace(server, host=in_dns(server.host))  # whose certificate is asked for

    async def connect(address: str) -> Imap:
        return await Imap.connect(
            named, username=username, password=password, access_token=access_token, timeout=timeout, address=address
        )

    return await first_line(addresses, connect, imap.Unreachable)


async def call_smtp(server: SmtpServer, *, private: bool, timeout: float) -> Smtp:
    """The same, for letters. Raises NoAddress, NoWay."""
    addresses = await addresses_of(server.host, server.port, private=private)
    named = replace(server, host=in_dns(server.host))

    async def connect(address: str) -> Smtp:
        return await Smtp.connect(named, timeout=timeout, address=address)

    return await first_line(addresses, connect, smtp.Unreachable)


async def addresses_of(host: str, port: int, *, private: bool) -> list[str]:
    """At most three; one that is not public spoils them all. Raises NoAddress."""
    addresses = await _looked_up(host, port)
    if not private and not all(is_public(address) for address in addresses):
        raise HostPrivate(f"{host} is an address inside a private network. Name a public server.")
    return addresses[:MOST_ADDRESSES]


async def first_line(
    addresses: Sequence[str], connect: Callable[[str], Awaitable[Line]], unreached: type[Exception]
) -> Line:
    """To the first address where somebody answers; `unreached` is what `connect` raises of one where nobody does."""
    *earlier, last = addresses
    for address in earlier:
        try:
            return await connect(address)
        except unreached:
            continue
    return await connect(last)


async def _looked_up(host: str, port: int) -> list[str]:
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            entries = await asyncio.get_running_loop().getaddrinfo(in_dns(host), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NoAddress(f"There is no server with the name {host}.") from None
    except TimeoutError:
        raise NoAddress(f"The name {host} could not be looked up within {RESOLVE_SECONDS:g} seconds.") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))
