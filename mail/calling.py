"""From a name to a connection: its host is resolved once, looked at, and that very address is called."""

import asyncio
import socket
from dataclasses import replace

from mail.imap import Imap, ImapError, Unreachable
from mail.internet import in_dns, is_public
from models.errors import ErrorCode
from models.mailbox.server import MailServer

MOST_ADDRESSES = 3
RESOLVE_SECONDS = 10.0


class HostPrivate(ImapError):
    """The name leads to a private address, where only our own machines are."""

    code = ErrorCode.MAILBOX_HOST_PRIVATE


async def call(server: MailServer, *, username: str, password: str, private: bool, timeout: float) -> Imap:
    """Signed in. `private`: an address inside of a private network will do. Raises ImapError."""
    addresses = await _addresses(server.host, server.port)
    if not private and not all(is_public(address) for address in addresses):
        raise HostPrivate(f"{server.host} is an address inside a private network. Name a public mail server.")
    named = replace(server, host=in_dns(server.host))  # whose certificate is asked for

    async def connect(address: str) -> Imap:
        return await Imap.connect(named, username=username, password=password, timeout=timeout, address=address)

    *earlier, last = addresses[:MOST_ADDRESSES]
    for address in earlier:
        try:
            return await connect(address)
        except Unreachable:
            continue
    return await connect(last)


async def _addresses(host: str, port: int) -> list[str]:
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(in_dns(host), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable(f"There is no server with the name {host}.") from None
    except TimeoutError:
        raise Unreachable(f"The name {host} could not be looked up within {RESOLVE_SECONDS:g} seconds.") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
