"""Signed links to a file: good for an hour, for one file, and as long as who asked for them may see it (P5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import quote
from uuid import UUID

from models.ground import clock, keys

GOOD_FOR = timedelta(hours=1)


class FileKind(StrEnum):
    ATTACHMENT = "attachment"
    SOURCE = "source"
    QUARANTINE = "quarantine"
    BULK_UPDATE_ERRORS = "bulk-update-errors"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link leads to, for a session or an API token (`session_id`)."""

    firm_id: UUID
    row_id: UUID
    session_id: UUID


def file_link(base_url: str, kind: FileKind, *, to: Opened, name: str) -> str:
    """As `/files/attachment/<firm>.<id>.<expires>.<session>.<signature>/invoice.pdf`; the name is for people."""
    expires = int((clock.now() + GOOD_FOR).timestamp())
    what = f"{to.firm_id.hex}.{to.row_id.hex}.{expires}.{to.session_id.hex}"
    return f"{base_url}/files/{kind}/{what}.{keys.signature(kind, what)}/{quote(name, safe='')}"


def opened(kind: FileKind, token: str) -> Opened | None:
    """None: expired, altered or of another kind."""
    what, _, given = token.rpartition(".")
    if not keys.is_signed(kind, what, given):
        return None
    firm_id, row_id, expires, session_id = what.split(".")
    if datetime.fromtimestamp(int(expires), clock.now().tzinfo) < clock.now():
        return None
    return Opened(UUID(firm_id), UUID(row_id), UUID(session_id))
