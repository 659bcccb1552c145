"""
Which folders of a mailbox are read (R18): every one but Junk, Trash, Drafts, Outbox and what holds no mail. At Gmail
only All Mail, which holds what lies in all others.

The server's marks count (RFC 6154), and the names that programs give their own folders: on top, or right below INBOX,
for elsewhere people file letters under such names. What lies below a folder goes with it.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from mail.imap import Folder
from models.mailbox.folder_list import ListedFolder
from models.mailbox.left_out import LONGEST_NAME
from models.mailbox.mailbox import FolderKind

NAMES = Path(__file__).parent / "folder_names"
"""A file for each use; in it a line for each language, with the names that are usual there."""
_LEFT_OUT = {
    "drafts": "Drafts are left out.",
    "trash": "Deleted mail is left out.",
    "junk": "Junk mail is left out.",
    "outbox": "It holds what has not been sent yet, and is left out.",
    "calendar": "It holds no mail.",
    "no_mail": "It holds no mail.",
}
_MARKS = {"\\Drafts": "drafts", "\\Trash": "trash", "\\Junk": "junk"}
_GMAIL = {"[gmail]", "[google mail]"}
IN_ALL_MAIL = "Gmail's folder of all mail is read instead, which holds this one."
_COPIES = "It shows what lies in the other folders once more."
_CHOSEN = "It is left out, as the mailbox's settings say."
_NOT_SELECTABLE = "The mail server does not let anybody open it: it only holds other folders."
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")
_UNKEEPABLE_NAME = f"Its name is longer than {LONGEST_NAME} characters, or holds some that cannot be kept."


def sort_out(
    folders: Sequence[Folder], *, sent: str | None = None, left_out: Collection[str] = ()
) -> list[ListedFolder]:
    """
    All of a mailbox, those to be read first, of these INBOX first and then those of sent mail; the others with the
    reason in plain words.

    `sent` names the folder of sent mail where that is no guess; if there is none of that name, it is found as usual.
    `left_out`: what the firm wants not to be read, with what lies below. INBOX always is.
    """
    folders = list({_inbox_or(folder.name): folder for folder in folders}.values())
    sent = sent if any(_same(folder.name, sent) for folder in folders) else None
    uses = {folder.name: use for folder in folders if (use := _use(folder, folders, sent))}
    all_mail = next((folder for folder in folders if _is_all_mail(folder) and folder.selectable), None)
    listed = [_listed(folder, uses, all_mail, {_place(name) for name in left_out}) for folder in folders]
    listed = list({folder.name: folder for folder in listed}.values())
    return sorted(listed, key=lambda folder: (folder.why_not is not None, _ORDER.index(folder.kind)))


_ORDER = [FolderKind.ALL, FolderKind.INBOX, FolderKind.SENT, FolderKind.OTHER]


def is_there(name: str, folders: Iterable[ListedFolder]) -> bool:
    """Whether a folder of this name is read, or would be if it were not for All Mail."""
    return any(_same(folder.name, name) and folder.why_not in (None, IN_ALL_MAIL) for folder in folders)


def _listed(folder: Folder, uses: dict[str, str], all_mail: Folder | None, left_out: set[str]) -> ListedFolder:
    branch = list(_branch(folder))
    use = next((uses[name] for name in branch if name in uses), None)
    kind = _kind(folder, use, all_mail)
    if len(folder.name) > LONGEST_NAME or _UNKEEPABLE.search(folder.name):
        return ListedFolder(_UNKEEPABLE.sub("\ufffd", folder.name)[:LONGEST_NAME], kind, _UNKEEPABLE_NAME)
    if not folder.selectable:
        return ListedFolder(folder.name, kind, _NOT_SELECTABLE)
    return ListedFolder(
        folder.name, kind, _why_not(folder, kind, use, all_mail, left_out.intersection(map(_place, branch)))
    )


def _why_not(
    folder: Folder, kind: FolderKind, use: str | None, all_mail: Folder | None, chosen: set[str]
) -> str | None:
    if all_mail:
        return None if folder is all_mail else _LEFT_OUT.get(use or "", IN_ALL_MAIL)
    if kind is FolderKind.INBOX:
        return None
    if chosen:
        return _CHOSEN
    return _COPIES if "\\All" in folder.special_use else _LEFT_OUT.get(use or "")


def _kind(folder: Folder, use: str | None, all_mail: Folder | None) -> FolderKind:
    if folder is all_mail:
        return FolderKind.ALL
    if folder.name.upper() == "INBOX":
        return FolderKind.INBOX
    return FolderKind.SENT if use == "sent" else FolderKind.OTHER


def _use(folder: Folder, folders: Sequence[Folder], sent: str | None) -> str | None:
    """What this folder itself is for, by its mark, else by its name."""
    if folder.name.upper() == "INBOX":
        return None
    if _same(folder.name, sent):
        return "sent"
    use = next((_MARKS[mark] for mark in sorted(folder.special_use & _MARKS.keys())), None)
    if not use and "\\Sent" in folder.special_use:
        use = "sent"
    if not use and not folder.special_use:
        use = _by_name(folder, folders)
    return None if use == "sent" and sent else use


def _by_name(folder: Folder, folders: Sequence[Folder]) -> str | None:
    name = _name_on_top(folder)
    for use in ("sent", *_LEFT_OUT):
        if name in names(use):
            return use
    beside = names("no_mail_beside_a_calendar")
    if name in beside and any(_name_on_top(neighbour) in names("calendar") for neighbour in folders):
        return "no_mail"
    return None


@cache
def names(use: str) -> frozenset[str]:
    """As mail programs and servers call their folder for it, in many languages; as `_key` makes them comparable."""
    lines = (NAMES / f"{use}.txt").read_text("utf-8").splitlines()
    return frozenset(_key(name) for line in lines for name in line.partition(":")[2].split(","))


def _key(name: str) -> str:
    """Without regard to case (the Turkish i's, too), width, and how an accent is written."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).strip().casefold())
    return plain.replace("i\u0307", "i").replace("ı", "i")


def _name_on_top(folder: Folder) -> str:
    """The key of its name if it lies on top, below INBOX or below Gmail's own; else nothing that is in any list."""
    path = folder.name.split(folder.delimiter) if folder.delimiter else [folder.name]
    if len(path) == 2 and path[0].casefold() in {"inbox", *_GMAIL}:
        path = path[1:]
    return _key(path[0]) if len(path) == 1 else ""


def _branch(folder: Folder) -> Iterator[str]:
    """Its name and those of the folders it lies in, but INBOX: at some servers everything lies below that."""
    name = folder.name
    while name and not (name != folder.name and name.upper() == "INBOX"):
        yield name
        name = name.rpartition(folder.delimiter)[0] if folder.delimiter else ""


def _is_all_mail(folder: Folder) -> bool:
    return "\\All" in folder.special_use and folder.name.casefold().startswith(tuple(_GMAIL))


def _same(name: str, typed: str | None) -> bool:
    return typed is not None and _place(name) == _place(typed)


def _place(name: str) -> str:
    """As people type it, who cannot see how an accent is written."""
    return unicodedata.normalize("NFC", _inbox_or(name))


def _inbox_or(name: str) -> str:
    """INBOX is itself however it is written (RFC 3501, 5.1); all other names are taken to the letter."""
    return "INBOX" if name.upper() == "INBOX" else name
