"""Message sources and attachments, by content: the same bytes are kept once, and never change."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import obstore
from obstore.store import LocalStore, from_url

from models.ground import var
from models.ground.settings import Settings

LARGE = 64 * 1024  # bytes that take longer than the way to a thread and back
_store: obstore.store.ObjectStore | None = None


def open_files(settings: Settings) -> None:
    """Raises var.NoFolder where the folder cannot be made, obstore's errors for a bad URL."""
    global _store
    url = settings.files_url
    _store = from_url(url) if url else LocalStore(var.folder(settings, "files"))


async def name_of(content: bytes) -> str:
    """The SHA-256 of the content."""
    return await asyncio.to_thread(_name, content) if len(content) > LARGE else _name(content)


async def name_of_large(content: BinaryIO) -> str:
    """The same of one that is read from its beginning, a piece at a time."""
    return await asyncio.to_thread(_name_of_large, content)


def _name_of_large(content: BinaryIO) -> str:
    content.seek(0)
    digest = hashlib.sha256()
    while piece := content.read(LARGE):
        digest.update(piece)
    return digest.hexdigest()


async def keep(firm_id: UUID, name: str, content: bytes | BinaryIO) -> None:
    """
    Stores it before the row that names it. When this returns it lies on the disk: a row must not outlive its file
    where the power fails. Only `models.stored_file` calls it, which remembers that it may come to be named by nothing.
    """
    path, store = _path(firm_id, name), _files()
    await obstore.put_async(store, path, content)
    if isinstance(store, LocalStore):
        assert store.prefix is not None
        await asyncio.to_thread(_flush, Path(store.prefix) / path)


def _flush(path: Path) -> None:
    """obstore leaves it to the operating system when it writes; nor is a new name in a folder on the disk by itself."""
    for each in (path, path.parent, path.parent.parent):
        opened = os.open(each, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def read(firm_id: UUID, name: str) -> AsyncIterator[bytes]:
    """The content in pieces. Raises FileNotFoundError."""
    answer = await obstore.get_async(_files(), _path(firm_id, name))
    return _pieces(answer)


async def _pieces(answer: "obstore.GetResult") -> AsyncIterator[bytes]:
    async for piece in answer.stream():
        yield bytes(piece)


async def delete(firm_id: UUID, names: Collection[str]) -> None:
    """Those that are there; what is gone already does no harm. Raises obstore's errors where the store is away."""
    await asyncio.gather(*(_delete(_path(firm_id, name)) for name in names))


async def _delete(path: str) -> None:
    with suppress(FileNotFoundError):
        await obstore.delete_async(_files(), path)


def _path(firm_id: UUID, name: str) -> str:
    return f"{firm_id}/{name[:2]}/{name}"


def _files() -> obstore.store.ObjectStore:
    assert _store is not None, "open_files comes first"
    return _store
