"""Who is asking: a bearer token, or the cookie of a browser. One way for all transports."""

from collections.abc import Awaitable, Callable

from graph.context import Context
from graph.engine.transport import Call, RequestCode, RequestError, Sockets
from graph.engine.transport.headers import cookie_of
from graph.process.budget import Budget
from graph.process.doorkeeper import Doorkeeper
from graph.process.metrics import Metrics
from models import session
from models.ground.settings import Settings


def context_getter(
    settings: Settings,
    sockets: Sockets,
    budget: Budget | None = None,
    metrics: Metrics | None = None,
    doorkeeper: Doorkeeper | None = None,
) -> Callable[[Call], Awaitable[Context]]:
    """
    Reads the session anew for every operation. A dead bearer token raises RequestError UNAUTHENTICATED.

    `budget`, `doorkeeper`: None for one of its own; `metrics`: None where nobody counts.
    """
    spent, keeper = budget or Budget(settings), doorkeeper or Doorkeeper()

    async def context_of(call: Call) -> Context:
        bearer = bearer_of(call.authorization)
        token = bearer or cookie_of(call.connection, settings.cookie)
        viewer = await session.viewer_of(token) if token else None
        if bearer and viewer is None:
            raise RequestError(RequestCode.UNAUTHENTICATED, "This token is not valid (any more). Sign in again.")
        return Context(settings, call, sockets, spent, keeper, viewer, metrics)

    return context_of


def bearer_of(authorization: str | None) -> str | None:
    """The token of RFC 6750. Raises RequestError for another scheme."""
    if not authorization:
        return None
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise RequestError(RequestCode.UNAUTHENTICATED, "Authenticate as `Authorization: Bearer <token>`.")
    return token.strip()
