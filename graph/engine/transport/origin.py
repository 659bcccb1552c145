"""May this page use this person's cookie? A cookie travels with every request, whoever caused it; a header does not."""

from collections.abc import Collection
from dataclasses import dataclass

from starlette.requests import HTTPConnection
from strawberry.http.websocket_origin import is_same_origin, normalize_allowed_origins, normalize_origin

from graph.engine.transport.errors import RequestCode, RequestError
from graph.engine.transport.headers import cookie_of

CSRF_HEADER = "x-switchboard"


@dataclass(frozen=True, slots=True)
class CookieGuard:
    """Guards requests that only a cookie authenticates. `allowed_origins`: beside the server's own."""

    cookie: str
    allowed_origins: frozenset[str] = frozenset()

    @classmethod
    def of(cls, cookie: str, allowed_origins: Collection[str]) -> "CookieGuard":
        """Raises ValueError where an origin is not one (scheme, host, port)."""
        return cls(cookie, normalize_allowed_origins(tuple(allowed_origins)))

    def check_request(self, connection: HTTPConnection) -> None:
        """Raises RequestError (403) for a foreign page, or without the header that a foreign page cannot send."""
        if not self._applies_to(connection):
            return
        self._check_origin(connection)
        if connection.headers.get(CSRF_HEADER) != "1":
            raise RequestError(RequestCode.FORBIDDEN, "With a session cookie, send the header `X-Switchboard: 1` too.")

    def check_socket(self, connection: HTTPConnection) -> None:
        """Raises RequestError (403) for a foreign page. A browser cannot add headers to a handshake."""
        if self._applies_to(connection):
            self._check_origin(connection)

    def _applies_to(self, connection: HTTPConnection) -> bool:
        """Where nothing else says who asks: an empty `Authorization` says nothing (graph.process.auth)."""
        return cookie_of(connection, self.cookie) is not None and not connection.headers.get("authorization")

    def _check_origin(self, connection: HTTPConnection) -> None:
        if not self._trusts(connection):
            raise RequestError(RequestCode.FORBIDDEN, "This page's origin may not use the session cookie.")

    def _trusts(self, connection: HTTPConnection) -> bool:
        origin, site = connection.headers.get("origin"), connection.headers.get("sec-fetch-site")
        if origin is None:
            # only programs and a browser's own same-origin GET leave Origin out; Sec-Fetch-Site tells them apart
            return site in (None, "same-origin", "none")
        return (
            is_same_origin(origin, connection.headers.get("host")) or normalize_origin(origin) in self.allowed_origins
        )
