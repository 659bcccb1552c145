"""Message sources and attachments as files: what a row names lies on the disk."""

import asyncio
import ctypes
import errno
import os
from io import BytesIO
from pathlib import Path

import pytest
from uuid_utils.compat import uuid7

from models.ground import files
from models.ground.settings import Settings

FIRM = uuid7()


async def test_a_file_is_on_the_disk_before_a_row_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_disk: set[Path] = set()

    def watched(opened: int) -> None:
        os_fsync(opened)
        on_disk.add(Path(f"/proc/self/fd/{opened}").readlink())

    os_fsync = os.fsync
    monkeypatch.setattr(os, "fsync", watched)
    monkeypatch.setattr(files, "_SYNCFS", None)  # as where many are not flushed together
    kept = await _kept(tmp_path, files.MANY)
    assert {place for file in kept for place in (file, file.parent, file.parent.parent)} <= on_disk


async def test_many_files_are_on_the_disk_by_one_flush_before_rows_name_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[int] = []

    def watched(opened: int) -> int:
        there.append(len([file for file in Path(f"/proc/self/fd/{opened}").rglob("*") if file.is_file()]))
        os.sync()
        return 0

    monkeypatch.setattr(files, "_SYNCFS", watched)
    monkeypatch.setattr(os, "fsync", None)
    await _kept(tmp_path, files.MANY)
    assert there == [files.MANY]


async def test_a_disk_that_cannot_flush_many_files_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int) -> int:
        ctypes.set_errno(errno.EIO)
        return -1

    monkeypatch.setattr(files, "_SYNCFS", broken)
    with pytest.raises(files.Away, match="Input/output error"):
        await _kept(tmp_path, files.MANY)


async def _kept(var: Path, number: int) -> list[Path]:
    files.open_files(Settings(var=var))
    contents = [f"From: anna@client.test\r\n\r\nThe bill, {each}".encode() for each in range(number)]
    names = await files.names_of(contents)
    await files.keep(FIRM, dict(zip(names, contents, strict=True)))
    kept = [var / "files" / str(FIRM) / name[:2] / name for name in names]
    assert [file.read_bytes() for file in kept] == contents
    return kept


async def test_what_is_kept_twice_is_there_once(tmp_path: Path) -> None:
    files.open_files(Settings(var=tmp_path))
    (name,) = await files.names_of([b"the same"])
    for _ in range(2):
        await files.keep(FIRM, {name: b"the same"})
    assert len([each for each in (tmp_path / "files").rglob("*") if each.is_file()]) == 1
    assert b"".join([piece async for piece in await files.read(FIRM, name)]) == b"the same"


async def test_a_file_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise OSError(errno.EIO, "the disk that it comes from is broken")
            return super().read(size)

    files.open_files(Settings(var=tmp_path))
    with pytest.raises(files.Away):
        await files.keep(FIRM, {"ab12": Broken(bytes(10 * files.LARGE))})
    assert [place for place in (tmp_path / "files").rglob("*") if place.is_file()] == []


async def test_two_may_keep_the_same_at_once(tmp_path: Path) -> None:
    files.open_files(Settings(var=tmp_path))
    content = os.urandom(files.LARGE)
    (name,) = await files.names_of([content])
    await asyncio.gather(*(files.keep(FIRM, {name: content}) for _ in range(20)))
    assert [place.name for place in (tmp_path / "files").rglob("*") if place.is_file()] == [name]
    assert b"".join([piece async for piece in await files.read(FIRM, name)]) == content


async def test_whoever_keeps_what_cannot_be_written_hears_of_it(tmp_path: Path) -> None:
    """Nothing may come to name a file that is not there."""
    files.open_files(Settings(var=tmp_path))
    names = await files.names_of([bytes([number]) for number in range(9)])
    (tmp_path / "files" / str(FIRM)).write_text("a file where the firm's folder would be")
    with pytest.raises(files.Away):
        await files.keep(FIRM, dict.fromkeys(names, b"any"))
