"""Message sources and attachments as files: what a row names lies on the disk."""

import os
from pathlib import Path

import pytest
from uuid_utils.compat import uuid7

from models.ground import files
from models.ground.settings import Settings


async def test_a_file_is_on_the_disk_before_a_row_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_disk: set[Path] = set()

    def watched(opened: int) -> None:
        os_fsync(opened)
        on_disk.add(Path(f"/proc/self/fd/{opened}").readlink())

    os_fsync = os.fsync
    monkeypatch.setattr(os, "fsync", watched)
    files.open_files(Settings(var=tmp_path))
    firm_id = uuid7()
    content = b"From: anna@client.test\r\n\r\nThe bill"
    name = await files.name_of(content)
    await files.keep(firm_id, name, content)
    kept = tmp_path / "files" / str(firm_id) / name[:2] / name
    assert kept.read_bytes().endswith(b"The bill")
    assert {kept, kept.parent, kept.parent.parent} <= on_disk


async def test_what_is_kept_twice_is_there_once(tmp_path: Path) -> None:
    files.open_files(Settings(var=tmp_path))
    firm_id = uuid7()
    name = await files.name_of(b"the same")
    for _ in range(2):
        await files.keep(firm_id, name, b"the same")
    assert len([each for each in (tmp_path / "files").rglob("*") if each.is_file()]) == 1
    assert b"".join([piece async for piece in await files.read(firm_id, name)]) == b"the same"
