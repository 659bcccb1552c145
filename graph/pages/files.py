"""Downloads by signed links: attachments, documents, sources of messages, quarantined ones, errors of runs."""

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import quote
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from models import links, session
from models.bulk_update.error_list import error_list
from models.client_import.bad_rows import bad_rows
from models.csv_file import CsvFile
from models.ground import files
from models.links import FileKind
from models.portal import documents, emails
from models.viewer import Asker, Client, Viewer

SHOWN_AS_THEY_ARE = {"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"}
"""Anything else goes as bytes: what a stranger sent never runs as a page of ours."""
AWAY = "The file cannot be fetched at the moment. Try again in a minute.\n"
log = structlog.get_logger("files")


async def download(request: Request) -> Response:
    """404 in plain words where the link is altered or has expired, the file is gone, or may not be seen (any more)."""
    kind = FileKind(request.url.path.split("/")[2])
    if (opened := await links.opened(kind, request.path_params["token"])) is None:
        return _gone()
    if (asker := await session.of(opened.firm_id, opened.session_id)) is None:  # it dies with the session (P5)
        return _gone()
    if (lists := LISTS.get(kind)) is not None:
        return await _list(asker, opened.row_id, lists)
    return await _kept(kind, asker, opened.row_id)


async def _kept(kind: FileKind, asker: Asker, row_id: UUID) -> Response:
    file = await links.file_of(kind, asker.firm_id, row_id) if await _may_see(kind, asker, row_id) else None
    if file is None:
        return _gone()
    try:
        pieces = await files.read(asker.firm_id, file.file)
    except FileNotFoundError:
        return _gone()
    except files.Away as away:
        log.warning("files.away", error=str(away))
        return PlainTextResponse(AWAY, 503, headers={"Cache-Control": "no-store", "Retry-After": "60"})
    media_type = file.content_type if file.content_type in SHOWN_AS_THEY_ARE else "application/octet-stream"
    return StreamingResponse(pieces, media_type=media_type, headers=_headers(file.name))


async def _may_see(kind: FileKind, asker: Asker, row_id: UUID) -> bool:
    """A client's link ends with the client's right to see the file: Login, Email sync (P5)."""
    if not isinstance(asker, Client):
        return True
    visible = documents.by_ids if kind is FileKind.DOCUMENT else emails.attachments_by_ids
    return bool(await visible(asker, [row_id]))


Lists = Callable[[Viewer, UUID], Awaitable[CsvFile | None]]
LISTS: Mapping[FileKind, Lists] = {FileKind.BULK_UPDATE_ERRORS: error_list, FileKind.ROWS_TO_MEND: bad_rows}


async def _list(asker: Asker, run_id: UUID, lists: Lists) -> Response:
    """Written anew each time, kept by no browser: its names may change, its reader be signed out."""
    file = await lists(asker, run_id) if isinstance(asker, Viewer) else None
    if file is None:
        return _gone()
    headers = _headers(file.name) | {"Cache-Control": "no-store"}
    return StreamingResponse(file.pieces, media_type="text/csv", headers=headers)


def _gone() -> Response:
    message = "This link has expired or never was. Links to files are good for an hour: open the page again.\n"
    return PlainTextResponse(message, 404, headers={"Cache-Control": "no-store"})


def _headers(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, max-age=3600, immutable",
        "Referrer-Policy": "no-referrer",
    }
