"""Files that signed links lead to."""

from dataclasses import dataclass
from uuid import UUID

from models.ground import store
from models.links import FileKind


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`file` names the content; `size` in bytes, where it is known."""

    file: str
    name: str
    content_type: str


async def file_of(kind: FileKind, firm_id: UUID, row_id: UUID) -> StoredFile | None:
    """What a signed link leads to; the link itself is the permission."""
    file = await store.row(_FILES[kind], firm_id, row_id)
    return StoredFile(*file) if file else None


_FILES = {
    FileKind.ATTACHMENT: "SELECT file, name, content_type FROM attachment WHERE firm_id = $1 AND id = $2",
    FileKind.SOURCE: "SELECT raw_file, 'message.eml', 'message/rfc822' FROM email"
    " WHERE firm_id = $1 AND id = $2 AND raw_file <> ''",
    FileKind.QUARANTINE: "SELECT raw_file, 'message.eml', 'message/rfc822' FROM occurrence"
    " WHERE firm_id = $1 AND id = $2 AND raw_file IS NOT NULL",
    FileKind.DOCUMENT: "SELECT file, name, content_type FROM document WHERE firm_id = $1 AND id = $2",
}
