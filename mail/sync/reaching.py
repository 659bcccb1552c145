"""From a mailbox to a connection: its host is resolved once, looked at, and that very address is called."""

import asyncio
import socket
from dataclasses import replace

from mail.imap import Imap, SecretRefused, Unreachable
from mail.internet import in_dns, is_public
from mail.sync.tools import HostPrivate, PortClosed, Tools
from models.ground.keys import WrongKey
from models.mailbox.connecting import unsealed
from models.mailbox.lease import Leased
from models.mailbox.ports import why_not

MOST_ADDRESSES = 3
RESOLVE_SECONDS = 10.0


async def reach(leased: Leased, tools: Tools) -> Imap:
    """Signed in. Raises ImapError."""
    if why := why_not(leased.server.port):
        raise PortClosed(why)
    password = _password(leased)
    addresses = await _addresses(leased.server.host, leased.server.port)
    if not tools.development and not all(is_public(address) for address in addresses):
        raise HostPrivate(f"{leased.server.host} is an address inside a private network. Name a public mail server.")
    *earlier, last = addresses[:MOST_ADDRESSES]
    for address in earlier:
        try:
            return await _connect(leased, tools, password, address)
        except Unreachable:
            continue
    return await _connect(leased, tools, password, last)


async def _connect(leased: Leased, tools: Tools, password: str, address: str) -> Imap:
    server = replace(leased.server, host=in_dns(leased.server.host))  # whose certificate is asked for
    return await Imap.connect(
        server, username=leased.username, password=password, timeout=tools.timeout, address=address
    )


def _password(leased: Leased) -> str:
    try:
        return unsealed(leased.firm_id, leased.mailbox_id, leased.secret)
    except WrongKey:
        raise SecretRefused("The password kept for this mailbox cannot be opened any more. Enter it again.") from None


async def _addresses(host: str, port: int) -> list[str]:
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(in_dns(host), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable(f"There is no server with the name {host}.") from None
    except TimeoutError:
        raise Unreachable(f"The name {host} could not be looked up within {RESOLVE_SECONDS:g} seconds.") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
