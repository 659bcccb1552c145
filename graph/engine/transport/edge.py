"""What operations, streams and sockets need of what serves them, so that they do not import it."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from starlette.websockets import WebSocket
from strawberry.schema.base import BaseSchema

from graph.engine.transport.call import ContextGetter
from graph.engine.transport.groups import Groups
from graph.engine.transport.persisted import Persisted
from graph.engine.transport.sockets import Sockets
from graph.engine.transport.strangers import Strangers
from graph.engine.transport.wire import Wire


class Edge(Protocol):
    """The endpoint; GraphQLEndpoint says what each is."""

    schema: BaseSchema
    context_getter: ContextGetter
    sockets: Sockets
    persisted: Persisted
    groups: Groups
    max_operations: int
    init_timeout: float
    stranger_seconds: float
    strangers: Strangers
    send_timeout: float
    beat_interval: float


class Carrier(Protocol):
    """The socket that an operation came by."""

    endpoint: Edge
    websocket: WebSocket
    wire: Wire
    authorization: str | None
    operations: dict[str, asyncio.Task[None]]

    async def close(self, code: int, reason: str) -> None: ...

    async def send(self, message: Mapping[str, Any]) -> None: ...
