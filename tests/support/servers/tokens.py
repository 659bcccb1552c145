"""A token server (RFC 6749, 6), honest unless a test tells it otherwise: real sockets, scripted answers."""

import asyncio
import base64
import json
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Self
from unittest.mock import patch
from urllib.parse import parse_qs, unquote_plus

from models.mailbox import OAuth

SILENCE = b"silence"
"""Instead of an answer: none, and the line stays open."""
DRIP = b"drip"
"""One byte after the other, without an end."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`server_name`: whose certificate was asked for."""

    host: str
    form: dict[str, str]
    authorization: str | None
    server_name: str | None


async def _nothing() -> None:
    pass


@dataclass(eq=False)
class TokenServer:
    """
    `says`: raw answers to the next questions instead of the usual. `rotates`: each answer brings a new refresh token,
    and the one before is dead at once. `granted` is told each access token; `before_answer` is awaited before it.
    """

    lasts: object = 3600
    rotates: bool = False
    in_header: bool = False
    tls: ssl.SSLContext | None = None
    oauth: OAuth = field(default_factory=lambda: OAuth("", "client 1", "refresh 0", "the client's secret"))
    says: list[bytes] = field(default_factory=list)
    before_answer: Callable[[], Awaitable[None]] = _nothing
    granted: Callable[[str], None] = lambda token: None
    asked: list[Asked] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    scheme: str = "http"
    names: list[str | None] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        if self.tls:
            self.scheme = "https"
            self.tls.sni_callback = lambda _, name, __: self.names.append(name)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self._tasks: set[asyncio.Task[None]] = set()
        self.oauth = replace(self.oauth, token_url=self.url("127.0.0.1"))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def port(self) -> int:
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def url(self, host: str) -> str:
        return f"{self.scheme}://{host}:{self.port}/token?tenant=7"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        assert lines[0] == "POST /token?tenant=7 HTTP/1.1"
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        text = (await reader.readexactly(int(headers["content-length"]))).decode()
        form = {name: value for name, (value,) in parse_qs(text, strict_parsing=True).items()}
        asked = Asked(headers["host"], form, headers.get("authorization"), self.names[-1] if self.names else None)
        self.asked.append(asked)
        await self.before_answer()
        answer = self.says.pop(0) if self.says else self._answer(asked)
        if answer == SILENCE:
            await asyncio.Event().wait()
        if answer == DRIP:
            await _drip(writer)
        writer.write(answer)
        await writer.drain()

    def _answer(self, asked: Asked) -> bytes:
        if not self._is_client(asked):
            return answer(401, {"error": "invalid_client"})
        if asked.form["refresh_token"] != self.oauth.refresh_token or asked.form["grant_type"] != "refresh_token":
            return answer(400, {"error": "invalid_grant"})
        self.tokens.append(f"access {len(self.tokens) + 1}")
        said: dict[str, object] = {"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": self.lasts}
        if self.rotates:
            self.oauth = replace(self.oauth, refresh_token=f"refresh {len(self.tokens)}")
            said["refresh_token"] = self.oauth.refresh_token
        self.granted(self.tokens[-1])
        return answer(200, said)

    def _is_client(self, asked: Asked) -> bool:
        given = (asked.form.get("client_id"), asked.form.get("client_secret"))
        if self.in_header and asked.authorization:
            pair = base64.b64decode(asked.authorization.removeprefix("Basic ")).decode()
            name, _, secret = (unquote_plus(part) for part in pair.partition(":"))
            given = (name, secret)
        elif self.in_header:
            return False
        return given == (self.oauth.client_id, self.oauth.client_secret)


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


def answer(status: int, body: object, **headers: str) -> bytes:
    """`body`: what becomes JSON, or bytes as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} x\r\ncontent-length: {len(raw)}\r\n{more}connection: close\r\n\r\n".encode() + raw


@contextmanager
def names(**hosts: list[str]) -> Iterator[list[str]]:
    """As a resolver would say it, each address once: whoever looks up once more gets the last one. Tells who asked."""
    look_up, asked = socket.getaddrinfo, list[str]()

    def answer(host: str, *args: object, **more: object) -> object:
        name = host.decode() if isinstance(host, bytes) else host
        if (known := hosts.get(name.replace(".", "_"))) is None:
            return look_up(host, *args, **more)  # type: ignore[arg-type]
        asked.append(name)
        return look_up(known.pop(0) if len(known) > 1 else known[0], *args, **more)  # type: ignore[arg-type]

    with patch("socket.getaddrinfo", answer):
        yield asked
