"""
A store of files that talks S3 (REST, path style), for tests: real sockets, and away when a test says so.

    async with Bucket() as bucket:
        with bucket.opened(): …          # the files of this process are there
        bucket.says = b"503"             # to whatever is asked, nothing done; SILENCE: it says nothing
        await bucket.away()              # nobody is there any more
        await bucket.back()              # … and again, on the same port, with all that it kept
"""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self

import pytest

from models.ground import files
from models.ground.settings import Settings

SILENCE = b"silence"
_KEY = re.compile(rb"<Key>([^<]*)</Key>")
_DELETED = b'<?xml version="1.0"?><DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">%s</DeleteResult>'


class Bucket:
    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.says = b""
        self.asked = 0
        self._port = 0
        self._lines: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.back()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.away()

    async def back(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def away(self) -> None:
        self._server.close()
        for task in self._lines:
            task.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    @contextmanager
    def opened(self) -> Iterator[None]:
        settings = {
            "AWS_ENDPOINT": f"http://127.0.0.1:{self._port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "eu-south-1",
            "AWS_ACCESS_KEY_ID": "who",
            "AWS_SECRET_ACCESS_KEY": "a secret",
        }
        with pytest.MonkeyPatch.context() as environment:
            for name, value in settings.items():
                environment.setenv(name, value)
            files.open_files(Settings(files_url="s3://letters/here"))
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._lines.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                writer.write(await self._answered(reader))
                await writer.drain()
        self._lines.discard(task)
        writer.transport.abort()

    async def _answered(self, reader: asyncio.StreamReader) -> bytes:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.partition("\r\n")[0].split(" ")
        length = re.search(r"content-length: *(\d+)", head, re.IGNORECASE)
        body = await reader.readexactly(int(length[1])) if length else b""
        self.asked += 1
        if self.says == SILENCE:
            await asyncio.Event().wait()
        if self.says:
            return _answer(self.says)
        return self._done(method, path, body)

    def _done(self, method: str, path: str, body: bytes) -> bytes:
        if method == "PUT":
            self.kept[path] = body
            return _answer(b"200 OK")
        if method == "POST":
            keys = _KEY.findall(body)
            for key in keys:
                self.kept.pop(f"/letters/{key.decode()}", None)
            return _answer(b"200 OK", _DELETED % b"".join(b"<Deleted><Key>%s</Key></Deleted>" % key for key in keys))
        return _answer(b"200 OK", self.kept[path]) if path in self.kept else _answer(b"404 Not Found")


def _answer(status: bytes, body: bytes = b"") -> bytes:
    facts = b'etag: "1"\r\nlast-modified: Wed, 21 Oct 2015 07:28:00 GMT\r\ncontent-length: %d\r\n' % len(body)
    return b"HTTP/1.1 %s\r\n%s\r\n%s" % (status if b" " in status else status + b" x", facts, body)
