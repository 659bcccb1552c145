"""Headers as strangers write them: how many and how long they may be, and our cookie among theirs."""

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LONGEST = 8_192  # bytes of one, as nginx and Apache have it
MOST = 100


class BoundedHeaders:
    """ASGI middleware: refuses headers that are longer, or more, than browsers send, before anything reads them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or _are_bounded(scope["headers"]):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            message = f"A request may have {MOST} headers of {LONGEST:,} bytes each.\n"
            await PlainTextResponse(message, 431)(scope, receive, send)


def cookie_of(connection: HTTPConnection, name: str) -> str | None:
    """
    As it was set: a token of ours has nothing to unquote.

    Starlette's `cookies` unquotes those of everybody, with what in Python before 3.11.10 and 3.12.6 takes seconds for
    a cookie of backslashes (CVE-2024-7592).
    """
    for pair in connection.headers.get("cookie", "").split(";"):
        key, _, value = pair.strip().partition("=")
        if key == name:
            return value
    return None


def _are_bounded(headers: list[tuple[bytes, bytes]]) -> bool:
    return len(headers) <= MOST and all(len(value) <= LONGEST for _, value in headers)
