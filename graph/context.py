"""What a resolver knows: who asks, the loaders, and how the question came."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Self
from uuid import UUID

import strawberry

from graph.budget import Budget
from graph.loaders import Loaders
from graph.metrics import Metrics
from graph.transport import Call, RequestCode, RequestError, Sockets
from models.settings import Settings
from models.viewer import Viewer


@dataclass
class Context:
    """`viewer` None: signed out. Belongs to one operation; `renew` gives that of the next event."""

    settings: Settings
    call: Call
    sockets: Sockets
    budget: Budget
    viewer: Viewer | None = None
    metrics: Metrics | None = None
    _loaders: Loaders | None = field(default=None, repr=False)

    @property
    def session_id(self) -> UUID | None:
        return self.viewer.session_id if self.viewer else None

    @property
    def loaders(self) -> Loaders:
        if self._loaders is None:
            self._loaders = Loaders(signed_in(self))
        return self._loaders

    def forget(self) -> None:
        """Something has changed: whatever is read from now on is read anew."""
        self._loaders = None

    def close_soon(self, session_id: UUID) -> None:
        """Ends the open sockets of a session once this operation has been answered; it may be on one of them."""
        asyncio.get_running_loop().call_later(0.05, _close, self.sockets, session_id)

    def renew(self) -> Self:
        return replace(self, _loaders=None)


_closing: set[asyncio.Task[int]] = set()


def _close(sockets: Sockets, session_id: UUID) -> None:
    task = asyncio.ensure_future(sockets.close(session_id))
    _closing.add(task)
    task.add_done_callback(_closing.discard)


Info = strawberry.Info[Context, None]


def signed_in(context: Context) -> Viewer:
    """Raises RequestError UNAUTHENTICATED where nobody is."""
    if context.viewer is None:
        raise RequestError(RequestCode.UNAUTHENTICATED, "Sign in first: this needs a session.")
    return context.viewer


def viewer_of(info: Info) -> Viewer:
    """Who asks. Raises RequestError UNAUTHENTICATED where nobody is signed in."""
    return signed_in(info.context)
