"""The folders of a mailbox, out of the lines that list them."""

import re
from collections.abc import Sequence
from dataclasses import replace

from mail.imap.answers import Answer
from mail.imap.folders import Folder
from mail.imap.names import from_wire

_LINE = re.compile(rb'LIST +\(([^)]*)\) +(NIL|"(?:[^"\\]|\\.)*"|[^ "]+) +', re.IGNORECASE)
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)" *(?:\Z|\()')
_MORE = re.compile(rb' \((?:"|\()')
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_SPECIAL_USES = {
    use.upper(): use for use in ("\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Junk", "\\Sent", "\\Trash")
}


def listed(answers: Sequence[Answer]) -> list[Folder]:
    """
    Folders in the server's order. A line that cannot be read is passed over: it is no reason to miss the others. Of two
    that decode to the same name, the second is told apart by its undecoded one.
    """
    folders: dict[str, Folder] = {}
    for answer in answers:
        if (folder := _folder(answer)) is None:
            continue
        if folder.name in folders and folders[folder.name].wire != folder.wire:
            folder = replace(folder, name=f"{folder.name} ({_undecoded(folder.wire)})")
        folders.setdefault(folder.name, folder)
    return list(folders.values())


def _folder(answer: Answer) -> Folder | None:
    match = _LINE.match(answer[0])
    wire = _wire(answer, match.end()) if match else b""
    if not match or not wire:
        return None
    flags = {mark.decode("ascii", "replace").upper() for mark in match[1].split()}
    return Folder(
        name=from_wire(_undecoded(wire)),
        special_use=frozenset(_SPECIAL_USES[flag] for flag in flags & _SPECIAL_USES.keys()),
        selectable=not flags & {"\\NOSELECT", "\\NONEXISTENT"} and b"\0" not in wire,
        delimiter=_delimiter(match[2]),
        wire=wire,
    )


def _wire(answer: Answer, start: int) -> bytes:
    """
    The name as the server writes it: a literal, or in quotes, or just so. What is not in quotes ends where the line
    ends: some leave them out around names with blanks. NIL is a name like any other.
    """
    if len(answer) > 1:
        return answer[1]
    rest = answer[0][start:].strip()
    if quoted := _QUOTED.match(rest):
        return _ESCAPED.sub(rb"\1", quoted[1])
    if rest[:1] == b'"':  # quotes within quotes
        return rest[1:-1] if rest.endswith(b'"') else b""
    if rest[:1] == b"(":
        return b""
    more = _MORE.search(rest) if rest.endswith(b")") else None
    return rest[: more.start()].rstrip() if more else rest


def _undecoded(wire: bytes) -> str:
    """ASCII, as it should be; else UTF-8, as newer servers write it, or whatever the machine of an old one had."""
    try:
        return wire.decode("utf-8")
    except UnicodeDecodeError:
        return wire.decode("windows-1252", "replace")


def _delimiter(text: bytes) -> str:
    return "" if text.upper() == b"NIL" else _ESCAPED.sub(rb"\1", text.strip(b'"')).decode("ascii", "replace")
