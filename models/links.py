"""Signed links to a file: good for an hour, for one file, for whoever holds them."""

from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import quote
from uuid import UUID

from models import clock, keys

GOOD_FOR = timedelta(hours=1)


class FileKind(StrEnum):
    ATTACHMENT = "attachment"
    SOURCE = "source"
    QUARANTINE = "quarantine"


def file_link(base_url: str, kind: FileKind, *, firm_id: UUID, row_id: UUID, name: str) -> str:
    """As `/files/attachment/<firm>.<id>.<expires>.<signature>/invoice.pdf`; the name is for people."""
    expires = int((clock.now() + GOOD_FOR).timestamp())
    what = f"{firm_id.hex}.{row_id.hex}.{expires}"
    return f"{base_url}/files/{kind}/{what}.{keys.signature(kind, what)}/{quote(name, safe='')}"


def opened(kind: FileKind, token: str) -> tuple[UUID, UUID] | None:
    """The firm and the row that a link leads to. None: expired, altered or of another kind."""
    what, _, given = token.rpartition(".")
    if not keys.is_signed(kind, what, given):
        return None
    firm_id, row_id, expires = what.split(".")
    if datetime.fromtimestamp(int(expires), clock.now().tzinfo) < clock.now():
        return None
    return UUID(firm_id), UUID(row_id)
