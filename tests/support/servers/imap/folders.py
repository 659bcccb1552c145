"""What is served."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

ARRIVED = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@dataclass(eq=False)
class Served:
    uid: int
    raw: bytes
    received_at: datetime = ARRIVED
    labels: str = ""

    def part(self, wanted: bytes) -> bytes:
        """All of it, or the header fields that are named."""
        names = re.search(rb"HEADER\.FIELDS \(([^)]*)\)", wanted)
        if not names:
            return self.raw
        head = self.raw.partition(b"\r\n\r\n")[0] + b"\r\n"
        fields = re.findall(rb"[^ \t\r\n][^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", head)
        kept = names[1].upper().split()
        return b"".join(line for line in fields if line.partition(b":")[0].strip().upper() in kept) + b"\r\n"


@dataclass(eq=False)
class ServedFolder:
    """
    `name` is as on the wire, in modified UTF-7, byte for byte in Latin-1. `line`: how LIST shows it, where the server's
    wording is not enough. `phantoms`: counted, but never listed or fetched.
    """

    name: str
    flags: str = "\\HasNoChildren"
    uidvalidity: int = 1
    uidnext: int = 1
    messages: list[Served] = field(default_factory=list)
    changed: Callable[[], None] = lambda: None
    line: bytes | None = None
    phantoms: int = 0

    def append(self, raw: bytes, received_at: datetime = ARRIVED, labels: str = "") -> int:
        self.messages.append(Served(self.uidnext, raw, received_at, labels))
        self.uidnext += 1
        self.changed()
        return self.uidnext - 1

    def expunge(self, uid: int) -> None:
        self.messages = [message for message in self.messages if message.uid != uid]
        self.changed()

    def renumber(self) -> None:
        self.messages = [Served(n, m.raw, m.received_at, m.labels) for n, m in enumerate(self.messages, 1)]
        self.uidvalidity, self.uidnext = self.uidvalidity + 1, len(self.messages) + 1
        self.changed()
