"""Folders, and which of them are worth reading."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

# As mail programs name it where the server does not say which one it is (RFC 6154).
_SENT_NAMES = (
    *("sent", "sent items", "sent messages", "sent mail"),
    *("posta inviata", "inviati", "messaggi inviati", "elementi inviati"),
    *("gesendet", "gesendete elemente", "gesendete objekte"),
    *("envoyés", "éléments envoyés", "messages envoyés"),
    *("enviados", "elementos enviados", "itens enviados", "mensagens enviadas"),
    *("verzonden", "verzonden items", "wysłane", "отправленные", "送信済み"),
)
_GMAIL = ("[gmail]", "[google mail]")


@dataclass(frozen=True, slots=True)
class Folder:
    """`name` is decoded and goes back to `examine` as it is; `special_use` as in RFC 6154, such as {"\\\\Sent"}."""

    name: str
    special_use: frozenset[str] = frozenset()
    selectable: bool = True
    delimiter: str = ""

    @property
    def leaf(self) -> str:
        """The last part of its path: "Sent" of "INBOX.Sent"."""
        return self.name.rpartition(self.delimiter)[2] if self.delimiter else self.name


@dataclass(frozen=True, slots=True)
class FolderState:
    """UIDs mean something under one `uidvalidity` only; every message to come has a UID from `uidnext` on."""

    uidvalidity: int
    uidnext: int
    exists: int


def folders_to_sync(folders: Sequence[Folder], *, override: Collection[str] = ()) -> list[Folder]:
    """INBOX and Sent; at Gmail only the folder of all mail, which holds both.

    Sent is what the server marks as such, else the first known name. `override` names the folders instead;
    those of them that do not exist are left out.
    """
    folders = [folder for folder in folders if folder.selectable]
    if override:
        return [folder for folder in folders if folder.name in override]
    everything = [folder for folder in folders if "\\All" in folder.special_use and _is_gmail(folder)]
    if everything:
        return everything[:1]
    return [folder for folder in folders if folder.name.upper() == "INBOX"] + _sent(folders)


def _is_gmail(folder: Folder) -> bool:
    return folder.name.casefold().startswith(_GMAIL)


def _sent(folders: Sequence[Folder]) -> list[Folder]:
    marked = [folder for folder in folders if "\\Sent" in folder.special_use]
    if marked:
        return marked
    by_name = {folder.leaf.casefold(): folder for folder in reversed(folders)}
    return [by_name[name] for name in _SENT_NAMES if name in by_name][:1]
