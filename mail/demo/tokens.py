"""
The demo's provider of access tokens (RFC 6749, 6), for a mailbox that signs in by OAuth: plain http, on loopback.

Whoever has the refresh token of a mailbox's consent, “consent 1 of ADDRESS”, gets access tokens for an hour. When the
consent is withdrawn they all end, at once, and “consent 2 of ADDRESS” is the next. A restart forgets what ended.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from secrets import token_urlsafe
from urllib.parse import parse_qs

from mail.demo.users import MAILBOXES
from models.mailbox import OAuth

CLIENT_ID = "demo"
LASTS = 3600  # seconds
LARGEST = 16 * 1024
HEAR_SECONDS = 2.0
ADDRESSES = {user.address for user in MAILBOXES}

Answer = tuple[str, dict[str, object]]
"""Status and body."""


def consent(address: str, *, port: int, number: int = 1) -> OAuth:
    """What a mailbox here signs in with."""
    return OAuth(f"http://127.0.0.1:{port}/token", CLIENT_ID, f"consent {number} of {address}")


class Tokens:
    """Those that are out, and whose mailbox each opens. A mail server is told of them: `granted`, `withdrawn`."""

    def __init__(self) -> None:
        self._out: dict[str, tuple[str, int]] = {}
        self._withdrawn: Counter[str] = Counter()
        self.granted: Callable[[str, str], None] = lambda address, token: None
        self.withdrawn: Callable[[str], None] = lambda address: None

    def address(self, token: str) -> str | None:
        """Whose mailbox it opens."""
        return self._out.get(token, (None, 0))[0]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """POST /token gives an access token for `refresh_token`, POST /withdraw ends the consent of `mailbox`."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            status, content = await self._answer(reader)
            body = json.dumps(content).encode() + b"\n"
            head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
            await writer.drain()
            writer.write_eof()
            await _hear_out(reader)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        body = await reader.readexactly(min(int(headers.get("content-length", 0)), LARGEST))
        form = {name: values[0] for name, values in parse_qs(body.decode("latin-1")).items()}
        match lines[0].split(" ")[:2]:
            case ["POST", "/token"]:
                return self._grant(form.get("refresh_token", ""))
            case ["POST", "/withdraw"]:
                return self._withdraw(form.get("mailbox", ""))
        return "404 Not Found", {"error": "not_found"}

    def _grant(self, refresh_token: str) -> Answer:
        number, _, address = refresh_token.removeprefix("consent ").partition(" of ")
        if address not in ADDRESSES or not number.isdecimal() or int(number) <= self._withdrawn[address]:
            return "400 Bad Request", {"error": "invalid_grant"}
        token = token_urlsafe(24)
        self._out[token] = (address, int(number))
        self.granted(address, token)
        return "200 OK", {"access_token": token, "token_type": "Bearer", "expires_in": LASTS}

    def _withdraw(self, address: str) -> Answer:
        if address not in ADDRESSES:
            return "404 Not Found", {"error": "no such mailbox"}
        used = [number for owner, number in self._out.values() if owner == address]
        last = self._withdrawn[address] = max([self._withdrawn[address] + 1, *used])
        self._out = {token: grant for token, grant in self._out.items() if grant[0] != address}
        self.withdrawn(address)
        return "200 OK", {"next_refresh_token": f"consent {last + 1} of {address}"}


async def _hear_out(reader: asyncio.StreamReader) -> None:
    """Of who has more to say than we read: closed before, the line is reset, and our answer lost (RFC 9112, 9.6)."""
    with suppress(TimeoutError):
        async with asyncio.timeout(HEAR_SECONDS):
            while await reader.read(LARGEST):
                pass
