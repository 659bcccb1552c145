"""GraphiQL, served by the server itself: no CDN, no font and no script from elsewhere."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

STATIC = Path(__file__).parent / "graphiql_static"
KINDS = {".js": "text/javascript", ".css": "text/css"}
FOREVER = "public, max-age=31536000, immutable"

# GraphiQL's editor and motion library write style elements; scripts may only come from here, and nothing may frame us
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Tab:
    """An example to open with. `name` becomes a comment above the query; `variables` is JSON text."""

    name: str
    query: str
    variables: str = ""


def graphiql_routes(*, tabs: Sequence[Tab] = (), path: str = "/graphiql", endpoint: str = "/graphql") -> list[Route]:
    """The page and its files, below `path`."""
    page = _page(tabs, path, endpoint)

    async def show(request: Request) -> Response:
        return HTMLResponse(page, headers=_headers("no-cache"))

    return [Route(path, show), Route(f"{path}/static/{{name}}", _file)]


async def _file(request: Request) -> Response:
    file = _FILES.get(request.path_params["name"])
    if file is None:
        return PlainTextResponse("There is no such file.", 404)
    return FileResponse(file, media_type=KINDS[file.suffix], headers=_headers(FOREVER))


def _page(tabs: Sequence[Tab], path: str, endpoint: str) -> str:
    settings = {"endpoint": endpoint, "tabs": [_shown(tab) for tab in tabs]}
    ours = {f"page_{file.suffix[1:]}": name for name, file in _FILES.items() if file.stem == "page"}
    return Template((STATIC / "graphiql.html").read_text()).substitute(
        ours,
        static=f"{path}/static",
        settings=json.dumps(settings).replace("<", "\\u003c"),  # no example may end the script element
    )


def _shown(tab: Tab) -> dict[str, str]:
    return {"query": f"# {tab.name}\n{tab.query}", "variables": tab.variables}


def _headers(caching: str) -> dict[str, str]:
    return {
        "Cache-Control": caching,
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
    }


def _public_name(file: Path) -> str:
    """Vendored files carry their version; ours, their content's hash: so all may be cached for ever."""
    if file.stem != "page":
        return file.name
    return f"page-{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}{file.suffix}"


_FILES = {_public_name(file): file for file in STATIC.iterdir() if file.suffix in KINDS}
