"""Downloads by signed links: attachments, message sources, quarantined messages."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from models import email, links, session
from models.ground import files
from models.links import FileKind
from models.portal import emails
from models.viewer import Client

SHOWN_AS_THEY_ARE = {"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"}
"""All else is told to be bytes: what a stranger sent never runs as a page of ours."""


async def download(request: Request) -> Response:
    """404 in plain words where the link is altered, expired, or leads to what is gone."""
    kind = FileKind(request.url.path.split("/")[2])
    opened = links.opened(kind, request.path_params["token"])
    if opened is None or not await _may_see(opened):
        return _gone()
    found = await email.file_of(kind, opened.firm_id, opened.row_id)
    if found is None:
        return _gone()
    try:
        pieces = await files.read(opened.firm_id, found.file)
    except FileNotFoundError:
        return _gone()
    media_type = found.content_type if found.content_type in SHOWN_AS_THEY_ARE else "application/octet-stream"
    return StreamingResponse(pieces, media_type=media_type, headers=_headers(found.name))


async def _may_see(opened: links.Opened) -> bool:
    """It dies with the session; a client's also with what lets it see the attachment: Login, Email sync (P5)."""
    asker = await session.of(opened.firm_id, opened.session_id)
    if isinstance(asker, Client):
        return bool(await emails.attachments_by_ids(asker, [opened.row_id]))
    return asker is not None


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
