"""What a regular e-mail carries: files that are here already, by their content, so that nothing is copied."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models import upload
from models.at_once import must_be_few
from models.email import MessageAttachment
from models.errors import ErrorCode, Faults, Refusal
from models.ground import store
from models.viewer import ApiScope, Viewer

MB = 1024 * 1024
MOST_BYTES = 25 * MB
ANY_TYPE = "application/octet-stream"
_TYPE = re.compile(r"(?!(?:multipart|message)/)[a-z0-9][a-z0-9.+-]{0,80}/[a-z0-9][a-z0-9.+_-]{0,120}", re.ASCII)
"""What may be said of a file's content without saying how the e-mail itself is to be read (RFC 2045, 5.1)."""


@dataclass(frozen=True, slots=True)
class AttachmentRef:
    """Exactly one is given: an upload of the writer's, a document of any account, an attachment of any e-mail."""

    upload_id: UUID | None = None
    document_id: UUID | None = None
    attachment_id: UUID | None = None


async def attached(by: Viewer, refs: Sequence[AttachmentRef]) -> tuple[MessageAttachment, ...]:
    """
    In order, by two statements. Raises NOT_FOUND for each that is not there; INVALID for more than 100, or more
    than 25 MB together; NOT_ALLOWED for what an API token without READ would have others read.
    """
    if not refs:
        return ()
    must_be_few(refs, "attachments", "attachments")
    there = await _there(by, refs)
    faults = Faults()
    files: list[MessageAttachment] = []
    for place, ref in enumerate(refs):
        with faults:
            files.append(_file(by, ref, there, place))
    faults.must_be_none()
    if (together := sum(file.size for file in files)) > MOST_BYTES:
        words = f"The attachments have {together / MB:.1f} MB together; an e-mail carries 25 MB. Leave some out."
        raise Refusal(ErrorCode.INVALID, words, "attachments")
    return tuple(files)


Files = dict[tuple[str, UUID], MessageAttachment]


def _file(by: Viewer, ref: AttachmentRef, there: Files, place: int) -> MessageAttachment:
    named = {"uploadId": ref.upload_id, "documentId": ref.document_id, "attachmentId": ref.attachment_id}
    name, file_id = next((name, file_id) for name, file_id in named.items() if file_id is not None)
    if name != "uploadId" and by.scopes is not None and ApiScope.READ not in by.scopes:
        words = "This API token lacks the scope READ: it attaches what was uploaded, and nothing that the firm has."
        raise Refusal(ErrorCode.NOT_ALLOWED, words, "attachments", place, name)
    if (name, file_id) not in there:
        words = "There is no such file. What was uploaded is there for a day, for whoever uploaded it."
        raise Refusal(ErrorCode.NOT_FOUND, words, "attachments", place, name)
    return there[name, file_id]


async def _there(by: Viewer, refs: Sequence[AttachmentRef]) -> Files:
    """By the field that names it, and id: that of a document finds no attachment."""
    uploads = await upload.by_ids(by, [ref.upload_id for ref in refs if ref.upload_id])
    documents = [ref.document_id for ref in refs if ref.document_id]
    attachments = [ref.attachment_id for ref in refs if ref.attachment_id]
    stored = await store.rows(_STORED, by.firm_id, documents, attachments)
    return {("uploadId", upload_id): _attachment(vars(file)) for upload_id, file in uploads.items()} | {
        (file["named"], file["id"]): _attachment(file) for file in stored
    }


_STORED = """
SELECT 'documentId' AS named, id, name, content_type, size, file FROM document
WHERE firm_id = $1 AND id = ANY($2::uuid[])
UNION ALL
SELECT 'attachmentId', id, name, content_type, size, file FROM attachment WHERE firm_id = $1 AND id = ANY($3::uuid[])
"""


def _attachment(file: Any) -> MessageAttachment:
    kind = file["content_type"].lower()
    kind = kind if _TYPE.fullmatch(kind) else ANY_TYPE
    return MessageAttachment(file["name"], kind, None, file["size"], file["file"])
