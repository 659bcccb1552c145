"""Message sources and attachments, by content: the same bytes are kept once, and never change."""

import asyncio
import ctypes
import hashlib
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO
from uuid import UUID, uuid4

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, S3Store, from_url

from models.ground import store, var
from models.ground.settings import Settings

if TYPE_CHECKING:
    from obstore.store import RetryConfig

LARGE = 64 * 1024  # bytes that take longer than the way to a thread and back
MANY = 8
"""Files whose way to the disk is one flush of the whole file system: each alone costs one, and so does its folder."""
LONGEST = 60.0
"""Seconds for the store to take what belongs together, or to begin to give a file."""
AGAIN: "RetryConfig" = {"max_retries": 4, "retry_timeout": timedelta(seconds=15)}
"""How often obstore itself tries again, within seconds; its own measure is three minutes, in which nobody is told."""
_FULL = re.compile(r"StorageFull|QuotaExceeded|FileTooLarge|os error (?:27|28|122)\b|status code: 507")
_SYNCFS = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None) if sys.platform == "linux" else None
"""It tells of failures since Linux 5.8 (syncfs(2))."""
_store: obstore.store.ObjectStore | None = None


class Away(store.Away):
    """The store of files cannot be reached just now, refuses, or is full."""

    what = "The store of files"


def open_files(settings: Settings) -> None:
    """Raises var.NoFolder where the folder cannot be made, obstore's errors for a bad URL."""
    global _store
    url = settings.files_url
    _store = from_url(url, retry_config=AGAIN) if url else LocalStore(var.folder(settings, "files"))


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
    named by nothing. Raises Away; some may lie there then.
    """
    place, paths = _files(), [(_path(firm_id, name), content) for name, content in contents.items()]
    with _reaching():
        async with asyncio.timeout(LONGEST):
            if isinstance(place, LocalStore):
                await asyncio.to_thread(_write, str(place.prefix), paths)
            else:
                await asyncio.gather(*(obstore.put_async(place, *placed) for placed in paths))


@contextmanager
def _reaching(*, may_miss: bool = False) -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:  # a bucket that is not there is a FileNotFoundError, too
        if may_miss and isinstance(error, FileNotFoundError):
            raise
        raise Away(f"{type(error).__name__}: {str(error)[:200]}", _why(error)) from error


def _why(error: Exception) -> str:
    where = "The disk for files" if isinstance(_files(), LocalStore) else "The store of files (SWITCHBOARD_FILES_URL)"
    if _FULL.search(str(error)) or (isinstance(error, OSError) and _FULL.search(f"os error {error.errno}")):
        return f"{where} is full: no message can be kept. Make room there."
    if isinstance(error, PermissionDeniedError | UnauthenticatedError | PermissionError):
        return f"{where} lets us write nothing. Look at what we are allowed there."
    return f"{where} cannot be reached, or takes nothing."


def _write(root: str, placed: Sequence[tuple[str, bytes | BinaryIO]]) -> None:
    """
    All first, and then to the disk. obstore leaves that to the operating system, and takes a third more of the
    processor; nor is a new name in a folder on the disk by itself.
    """
    disk = os.open(root, os.O_RDONLY)  # before the first is written: a flush tells of failures since then
    try:
        for path, content in placed:
            _put(f"{root}/{path}", content)
        if len(placed) < MANY or not _flushed_whole(disk):
            _flush_each([f"{root}/{path}" for path, _ in placed])
    finally:
        os.close(disk)


def _put(file: str, content: bytes | BinaryIO) -> None:
    """Under a name of its own first: by its right name it is there whole, or not at all."""
    os.makedirs(os.path.dirname(file), exist_ok=True)
    part = f"{file}#{uuid4().hex}"
    try:
        with open(part, "xb") as written:
            if isinstance(content, bytes):
                written.write(content)
            else:
                shutil.copyfileobj(content, written, LARGE)
        os.replace(part, file)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(part)
        raise


def _flushed_whole(disk: int) -> bool:
    """False: there is no such call here."""
    if _SYNCFS is None:
        return False
    if _SYNCFS(disk):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return True


def _flush_each(files: Collection[str]) -> None:
    folders = {os.path.dirname(file) for file in files}
    for written in (*files, *folders, *{os.path.dirname(folder) for folder in folders}):
        opened = os.open(written, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def read(firm_id: UUID, name: str) -> AsyncIterator[bytes]:
    """The content in pieces. Raises FileNotFoundError, Away."""
    return (await measured(firm_id, name))[1]


async def measured(firm_id: UUID, name: str) -> tuple[int, AsyncIterator[bytes]]:
    """The same, after its size in bytes."""
    with _reaching(may_miss=True):
        async with asyncio.timeout(LONGEST):
            answer = await obstore.get_async(_files(), _path(firm_id, name))
    return int(answer.meta["size"]), _pieces(answer)


async def _pieces(answer: "obstore.GetResult") -> AsyncIterator[bytes]:
    async for piece in answer.stream():
        yield bytes(piece)


async def delete(firm_id: UUID, names: Collection[str]) -> None:
    """Those that are there; what is gone already does no harm. Only `models.stored_file` calls it. Raises Away."""
    await asyncio.gather(*(_delete(_path(firm_id, name)) for name in names))


async def _delete(path: str) -> None:
    """S3 says of no file that it is not there, but of a whole bucket."""
    with suppress(FileNotFoundError), _reaching(may_miss=not isinstance(_files(), S3Store)):
        await obstore.delete_async(_files(), path)


def _path(firm_id: UUID, name: str) -> str:
    return f"{firm_id}/{name[:2]}/{name}"


def _files() -> obstore.store.ObjectStore:
    assert _store is not None, "open_files comes first"
    return _store
