"""Folders of files."""

from pathlib import Path


def names_in(folder: Path) -> set[str]:
    return {file.name for file in folder.rglob("*") if file.is_file()}
