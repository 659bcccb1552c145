"""Message sources and attachments, by content: the same bytes are kept once, and never change."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import obstore
from obstore.store import LocalStore, from_url

from models.ground import var
from models.ground.settings import Settings

LARGE = 64 * 1024  # bytes that take longer than the way to a thread and back
WRITERS = 4
"""Threads for the files of a batch: a disk that is asked to flush by several at once does it once for all."""
_store: obstore.store.ObjectStore | None = None


def open_files(settings: Settings) -> None:
    """Raises var.NoFolder where the folder cannot be made, obstore's errors for a bad URL."""
    global _store
    url = settings.files_url
    _store = from_url(url) if url else LocalStore(var.folder(settings, "files"))


async def names_of(contents: Sequence[bytes]) -> list[str]:
    """Of each the SHA-256 of the content."""
    few = sum(map(len, contents)) <= LARGE
    return [*map(_name, contents)] if few else await asyncio.to_thread(lambda: [*map(_name, contents)])


async def name_of_large(content: BinaryIO) -> str:
    """The same of one that is read from its beginning, a piece at a time."""
    return await asyncio.to_thread(_name_of_large, content)


def _name_of_large(content: BinaryIO) -> str:
    content.seek(0)
    digest = hashlib.sha256()
    while piece := content.read(LARGE):
        digest.update(piece)
    return digest.hexdigest()


async def keep(firm_id: UUID, contents: Mapping[str, bytes | BinaryIO]) -> None:
    """
    Stores them, by their names, before the rows that name them. When this returns they lie on the disk: a row must not
    outlive its file where the power fails. Only `models.stored_file` calls it, which remembers that they may come to be
    named by nothing.
    """
    store, paths = _files(), [(_path(firm_id, name), content) for name, content in contents.items()]
    if isinstance(store, LocalStore):
        shares = [paths[first::WRITERS] for first in range(min(WRITERS, len(paths)))]
        await asyncio.gather(*(asyncio.to_thread(_write, store, share) for share in shares))
    else:
        await asyncio.gather(*(obstore.put_async(store, *placed) for placed in paths))


def _write(store: LocalStore, share: Sequence[tuple[str, bytes | BinaryIO]]) -> None:
    """
    All first, and then each to the disk, so that one flush takes many with it. obstore leaves that to the operating
    system; nor is a new name in a folder on the disk by itself.
    """
    assert store.prefix is not None
    for path, content in share:
        obstore.put(store, path, content)
    files = [Path(store.prefix) / path for path, _ in share]
    folders = {folder for file in files for folder in (file.parent, file.parent.parent)}
    for place in (*files, *folders):
        _flush(place)


def _flush(place: Path) -> None:
    opened = os.open(place, os.O_RDONLY)
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
