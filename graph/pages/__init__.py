"""
Pages that the program serves itself, so that a letter's link works without any front end: an invitation, a new
password, an action without login (R12), unsubscribing (R13), a new invitation (R42), what is unread in Inbox+ (R38),
and a small portal. They ask the API as any other program does; a GET changes nothing (mail scanners follow links, R7).
Which token a page is of, only the browser looks at: it stands in no log and in no answer. They name each other and the
API relative to themselves: the server may be reached under a path.
"""

import json
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from graph.pages.one_click import one_click

STATIC = Path(__file__).parent / "static"
KINDS = {".js": "text/javascript", ".css": "text/css", ".json": "application/json"}
OPERATIONS: dict[str, str] = json.loads((STATIC / "operations.json").read_text())
"""What the pages ask, by name; also where a manifest allows nothing else."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
LETTER_POLICY = (
    "default-src 'none'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src {files}/attachment/; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
"""Of the frame in which the portal shows an e-mail: no scripts, and only pictures that came with e-mails."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


def page_routes() -> list[Route]:
    return [
        Route("/portal", partial(_page, "portal")),
        Route("/inbox", partial(_page, "inbox")),
        Route("/invitation", partial(_page, "asking")),
        *(Route(f"/{name}/{{token}}", partial(_page, name)) for name in ("invitation", "reset", "action")),
        # one route for both: where two have a path, Starlette tells the methods of the first as all there are (Allow)
        Route("/unsubscribe/{token}", _unsubscribing, methods=["GET", "POST"]),
        Route("/pages/letter", _letter),
        Route("/pages/{name}", _file),
    ]


async def _page(name: str, _: Request) -> Response:
    return FileResponse(STATIC / f"{name}.html", headers=HEADERS | {"Cache-Control": "no-store"})


async def _unsubscribing(request: Request) -> Response:
    """A browser gets the page, a mail program posts (RFC 8058)."""
    return await (one_click(request) if request.method == "POST" else _page("unsubscribe", request))


async def _letter(request: Request) -> Response:
    """An empty page, into which the portal puts an e-mail."""
    policy = LETTER_POLICY.format(files=f"{request.app.state.settings.base_url}/files")
    headers = HEADERS | {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    return FileResponse(STATIC / "letter.html", headers=headers)


async def _file(request: Request) -> Response:
    file = _FILES.get(request.path_params["name"])
    if file is None:
        return PlainTextResponse("There is no such file.", 404)
    return FileResponse(file, media_type=KINDS[file.suffix], headers=HEADERS | {"Cache-Control": "no-cache"})


_FILES = {file.name: file for file in STATIC.iterdir() if file.suffix in KINDS}
