"""Folders, as servers show them."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Folder:
    """
    `name` is decoded and goes back to `examine` as it is; `special_use` as in RFC 6154, such as {"\\\\Sent"}.
    `wire`: the name as the server writes it, whatever it is encoded in.
    """

    name: str
    special_use: frozenset[str] = frozenset()
    selectable: bool = True
    delimiter: str = ""
    wire: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class FolderState:
    """
    UIDs mean something under one `uidvalidity` only; every message to come has a UID from `uidnext` on. `counted`: the
    server does not tell that; it is the highest UID and one more, and falls when the newest message is deleted.
    """

    uidvalidity: int
    uidnext: int
    exists: int
    counted: bool = field(default=False, compare=False)
