"""Folders, as servers show them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Folder:
    """`name` is decoded and goes back to `examine` as it is; `special_use` as in RFC 6154, such as {"\\\\Sent"}."""

    name: str
    special_use: frozenset[str] = frozenset()
    selectable: bool = True
    delimiter: str = ""


@dataclass(frozen=True, slots=True)
class FolderState:
    """UIDs mean something under one `uidvalidity` only; every message to come has a UID from `uidnext` on."""

    uidvalidity: int
    uidnext: int
    exists: int
