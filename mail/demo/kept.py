"""Where the demo mail server keeps its mail: one file for each message.

    <folder>/<mailbox>/<name>/<uid>.<seconds since 1970>.eml    a message, byte for byte as it came
    <folder>/<mailbox>/<name>/<uid>.<seconds since 1970>.gone   an expunged one: its UID is never given again
    <folder>/<mailbox>/<name>/uidvalidity                       written by the server at its first start

    as in var/demo/mail/studio@demo.test/INBOX/101.1767225600.eml

The server loads what it finds, in the order of the UIDs. So a mailbox with a past is a folder that was filled
before the start (see `keep`); while the server runs, only the server writes there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """`received_at` is IMAP's internal date, in whole seconds, UTC."""

    uid: int
    received_at: datetime
    path: Path

    @property
    def raw(self) -> bytes:
        return self.path.read_bytes()


class KeptFolder:
    """One folder of one mailbox. Not safe for two processes at once: the server locks the whole."""

    def __init__(self, folder: Path, *, mailbox: str, name: str) -> None:
        self.name = name
        self.path = folder / mailbox / quote(name, safe=" ")
        self.path.mkdir(parents=True, exist_ok=True)
        self.last_uid = max((_uid(path) for path in self.path.glob("*.*.*")), default=0)

    def messages(self) -> Iterator[KeptMessage]:
        for path in sorted(self.path.glob("*.*.eml"), key=_uid):
            yield KeptMessage(_uid(path), datetime.fromtimestamp(int(path.name.split(".")[1]), UTC), path)

    def keep(self, raw: bytes, received_at: datetime) -> KeptMessage:
        """Written whole or not at all, also when the process is killed; durable against that, not against a power cut.

        `received_at` must know its time zone.
        """
        seconds = int(received_at.timestamp())
        uid = self.last_uid + 1
        path = self.path / f"{uid}.{seconds}.eml"
        unfinished = path.with_suffix(".new")
        unfinished.write_bytes(raw)
        unfinished.rename(path)
        self.last_uid = uid
        return KeptMessage(uid, datetime.fromtimestamp(seconds, UTC), path)

    def drop(self, uid: int) -> None:
        for path in self.path.glob(f"{uid}.*.eml"):
            path.write_bytes(b"")
            path.rename(path.with_suffix(".gone"))

    def uid_validity(self, *, otherwise: int) -> int:
        path = self.path / "uidvalidity"
        if not path.exists():
            path.write_text(f"{otherwise}\n")
        return int(path.read_text())

    def remove(self) -> None:
        """With all its mail. A folder made later under this name is another one: its UIDVALIDITY is new."""
        for path in self.path.iterdir():
            path.unlink()
        self.path.rmdir()


def folders(folder: Path, *, mailbox: str) -> list[KeptFolder]:
    """Those that exist on disk."""
    root = folder / mailbox
    paths = sorted(root.iterdir()) if root.is_dir() else []
    return [KeptFolder(folder, mailbox=mailbox, name=unquote(path.name)) for path in paths if path.is_dir()]


def _uid(path: Path) -> int:
    return int(path.name.split(".")[0])
