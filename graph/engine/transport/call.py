"""One operation on its way in, whatever carried it, and what the edge asks of a context."""

import re
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self
from uuid import uuid4

from starlette.requests import HTTPConnection
from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class Call:
    """One operation, as `context_getter` sees it. What it writes to `response` (cookies, headers) leaves with the
    answer; None on a socket. `authorization` is the header's value, or the one that `connection_init` brought."""

    connection: HTTPConnection
    request_id: str
    authorization: str | None = field(default=None, repr=False)
    response: Response | None = None


class OperationContext(Protocol):
    """What the edge needs to know of a context; the rest is the schema's."""

    @property
    def holder(self) -> Hashable | None:
        """Whose it is; None: nobody's. Sockets are closed by it."""

    def renew(self) -> Self:
        """The same person with fresh loaders, for the next event of a subscription."""


ContextGetter = Callable[[Call], Awaitable[OperationContext]]


def request_id_of(connection: HTTPConnection) -> str:
    """The caller's X-Request-Id where it looks sane, else a new one."""
    request_id = connection.headers.get("x-request-id", "")
    return request_id if re.fullmatch(r"[A-Za-z0-9._-]{8,64}", request_id) else uuid4().hex


def authorization_in(payload: Mapping[str, Any]) -> str | None:
    """In any case: GraphiQL and Apollo send names of headers as people typed them."""
    header = next((value for name, value in payload.items() if name.lower() == "authorization"), None)
    return header if isinstance(header, str) else None
