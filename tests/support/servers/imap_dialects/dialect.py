"""The shape of a record."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.support.servers.imap import ServedFolder, Wording


@dataclass(frozen=True, slots=True)
class Box:
    """
    A folder as LIST shows it. `wire`: its name there, byte for byte in Latin-1. `read_as`: what it is called when it is
    read; None: it is left out.
    """

    line: bytes
    wire: str
    read_as: str | None = None
    openable: bool = True


@dataclass(frozen=True, slots=True)
class Dialect:
    """
    `capabilities`: after the sign-in. `first_uid`: of a folder; servers begin anywhere.
    `drafts_in_all_mail`: only a label tells them from letters that were sent.
    """

    name: str
    known_from: str
    greeting: bytes
    capabilities: str
    boxes: tuple[Box, ...]
    wording: Wording = field(default_factory=Wording)
    uidvalidity: int = 1
    first_uid: int = 1
    drafts_in_all_mail: bool = False

    @property
    def folders(self) -> list[ServedFolder]:
        return [
            ServedFolder(box.wire, uidvalidity=self.uidvalidity, uidnext=self.first_uid, line=box.line)
            for box in self.boxes
        ]


def listed(flags: str, delimiter: str, wire: str, read_as: str | None = None, *, quotes: bool = True) -> Box:
    """One in the usual form of the line, with or without quotes around the name."""
    name = f'"{wire}"' if quotes else wire
    return Box(f'* LIST ({flags}) "{delimiter}" {name}'.encode("latin-1"), wire, read_as)


def lines(*boxes: Box) -> tuple[Box, ...]:
    return boxes


INBOX_AND_SENT: Sequence[Box] = (
    listed("\\HasNoChildren", "/", "INBOX", "INBOX"),
    listed("\\HasNoChildren \\Sent", "/", "Sent", "Sent"),
)
