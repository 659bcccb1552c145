"""Signed links to a file: good for an hour, for one file, and as long as who asked for them may see it (P5)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import quote
from uuid import UUID

from models import firm_key
from models.ground import clock, store
from models.ground.keys import Key

GOOD_FOR = timedelta(hours=1)


class FileKind(StrEnum):
    ATTACHMENT = "attachment"
    SOURCE = "source"
    QUARANTINE = "quarantine"
    DOCUMENT = "document"
    BULK_UPDATE_ERRORS = "bulk-update-errors"
    ROWS_TO_MEND = "rows-to-mend"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link leads to, for a session or an API token (`session_id`)."""

    firm_id: UUID
    row_id: UUID
    session_id: UUID


def file_link(base_url: str, kind: FileKind, *, key: Key, to: Opened, name: str) -> str:
    """
    As `/files/attachment/<firm>.<id>.<expires>.<session>.<signature>/invoice.pdf`; the name is for people. `key`: the
    firm's.
    """
    expires = int((clock.now() + GOOD_FOR).timestamp())
    claim = f"{to.firm_id.hex}.{to.row_id.hex}.{expires}.{to.session_id.hex}"
    return f"{base_url}/files/{kind}/{claim}.{key.signature(kind, claim)}/{quote(name, safe='')}"


async def opened(kind: FileKind, token: str) -> Opened | None:
    """None: expired, altered or of another kind."""
    claim, _, signature = token.rpartition(".")
    if (parts := _said(claim)) is None or not await firm_key.is_signed(parts[0].firm_id, kind, claim, signature):
        return None
    to, expires = parts
    return to if expires >= clock.now() else None


def _said(claim: str) -> tuple[Opened, datetime] | None:
    """What it says, whether or not that is signed; None: it is none of ours."""
    if not _WHAT.fullmatch(claim):
        return None
    firm_id, row_id, expires, session_id = claim.split(".")
    return Opened(UUID(firm_id), UUID(row_id), UUID(session_id)), datetime.fromtimestamp(int(expires), UTC)


_WHAT = re.compile(r"[0-9a-f]{32}\.[0-9a-f]{32}\.[0-9]{1,11}\.[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class LinkedFile:
    """`file` names the content."""

    file: str
    name: str
    content_type: str


async def file_of(kind: FileKind, firm_id: UUID, row_id: UUID) -> LinkedFile | None:
    """What a link leads to, if it is kept as a file; the link itself is the permission."""
    file = await store.row(_FILES[kind], firm_id, row_id)
    return LinkedFile(*file) if file else None


_FILES = {
    FileKind.ATTACHMENT: "SELECT file, name, content_type FROM attachment WHERE firm_id = $1 AND id = $2",
    FileKind.SOURCE: "SELECT raw_file, 'message.eml', 'message/rfc822' FROM email"
    " WHERE firm_id = $1 AND id = $2 AND raw_file <> ''",
    FileKind.QUARANTINE: "SELECT raw_file, 'message.eml', 'message/rfc822' FROM occurrence"
    " WHERE firm_id = $1 AND id = $2 AND raw_file IS NOT NULL",
    FileKind.DOCUMENT: "SELECT file, name, content_type FROM document WHERE firm_id = $1 AND id = $2",
}
