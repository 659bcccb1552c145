"""The GraphQL endpoint: HTTP here, WebSocket in websocket.py. GraphQL over HTTP, draft of 2025."""

from collections.abc import Collection
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema.base import BaseSchema
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from graph.transport.call import Call, ContextGetter, request_id_of
from graph.transport.errors import Answer, RequestCode, RequestError, answer, refusal
from graph.transport.media import JSON, accepted
from graph.transport.origin import CookieGuard
from graph.transport.request import GraphQLRequest, read
from graph.transport.sockets import Sockets
from graph.transport.websocket import Socket
from graph.transport.wire import Wire


class GraphQLEndpoint(GraphQL[Any, None]):
    """Serve the same instance by `Route` and `WebSocketRoute` (`Mount` would redirect).

    `max_body` is in bytes; `init_timeout` and `send_timeout` in seconds. `allowed_origins` are those whose pages may
    use the cookie, beside the server's own.
    """

    def __init__(
        self,
        schema: BaseSchema,
        *,
        context_getter: ContextGetter,
        cookie: str = "__Host-session",
        allowed_origins: Collection[str] = (),
        sockets: Sockets | None = None,
        queries_by_get: bool = True,
        max_body: int = 1_000_000,
        max_operations: int = 50,
        init_timeout: float = 10.0,
        send_timeout: float = 10.0,
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            allow_queries_via_get=queries_by_get,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=timedelta(seconds=init_timeout),
            max_subscriptions_per_connection=max_operations,
            allowed_origins=tuple(allowed_origins),
        )
        self.context_getter = context_getter
        self.guard = CookieGuard.of(cookie, allowed_origins)
        self.sockets = sockets if sockets is not None else Sockets()
        self.max_body = max_body
        self.max_operations = max_operations
        self.init_timeout = init_timeout
        self.send_timeout = send_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            return await self._serve_socket(WebSocket(scope, receive, send), receive)
        try:
            response = await self._respond(Request(scope, receive))
        except ClientDisconnect:
            return None
        return await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        call = Call(request, request_id_of(request), request.headers.get("authorization"), Response())
        media_type = JSON
        try:
            media_type = accepted(request.headers.get("accept"))
            told = answer(await self._executed(request, call), request_id=call.request_id)
        except ClientDisconnect:
            raise
        except Exception as error:
            told = refusal(error, request_id=call.request_id)
        return _response(told, call, media_type)

    async def _executed(self, request: Request, call: Call) -> ExecutionResult:
        self._check_method(request)
        self.guard.check_request(request)
        asked = await read(request, max_bytes=self.max_body)
        context = await self.context_getter(call)
        return await self._execute(asked, context, request.method)

    async def _execute(self, asked: GraphQLRequest, context: object, method: str) -> ExecutionResult:
        kinds = {OperationType.QUERY} if method == "GET" else {OperationType.QUERY, OperationType.MUTATION}
        return await self.schema.execute(
            asked.query,
            variable_values=asked.variables,
            context_value=context,
            operation_name=asked.operation_name,
            allowed_operation_types=kinds,
        )

    def _check_method(self, request: Request) -> None:
        if request.method != "POST" and not (request.method == "GET" and self.allow_queries_via_get):
            raise RequestError(RequestCode.METHOD_NOT_ALLOWED, "Use POST here.")

    async def _serve_socket(self, websocket: WebSocket, receive: Receive) -> None:
        await websocket.receive()  # websocket.connect
        try:
            self.guard.check_socket(websocket)
        except RequestError as error:
            return await websocket.send_denial_response(Response(error.message, 403, media_type="text/plain"))
        protocol = await self.pick_websocket_subprotocol(websocket)
        await websocket.accept(subprotocol=protocol)
        wire = Wire(websocket, receive, send_timeout=self.send_timeout)
        if protocol is None:
            return await wire.close(4406, "Subprotocol not acceptable: use graphql-transport-ws")
        return await Socket(self, websocket, wire).run()


def _response(told: Answer, call: Call, media_type: str) -> Response:
    try:
        body = orjson.dumps(told.body)
    except TypeError as error:  # a resolver gave what is no JSON
        told = refusal(error, request_id=call.request_id)
        body = orjson.dumps(told.body)
    response = Response(body, _status(told, media_type), media_type=f"{media_type}; charset=utf-8")
    _add_headers(response, told, call)
    return response


def _add_headers(response: Response, told: Answer, call: Call) -> None:
    if call.response is not None:
        mine = {b"content-length", b"content-type"}
        response.raw_headers.extend(header for header in call.response.raw_headers if header[0] not in mine)
    response.headers["X-Request-Id"] = call.request_id
    response.headers["Cache-Control"] = "no-store"
    if told.refused is RequestCode.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = "POST"  # what a refused GET may use instead, and the only one that always works
    if told.refused is RequestCode.UNAUTHENTICATED:
        response.headers["WWW-Authenticate"] = "Bearer"


def _status(told: Answer, media_type: str) -> int:
    """`application/json` says 200 wherever the request itself was well formed; the newer type says what happened."""
    if told.refused is None or (media_type == JSON and told.refused in _FAULTS_OF_THE_DOCUMENT):
        return HTTPStatus.OK
    return told.refused.status


_FAULTS_OF_THE_DOCUMENT = {
    RequestCode.GRAPHQL_PARSE_FAILED,
    RequestCode.GRAPHQL_VALIDATION_FAILED,
    RequestCode.BAD_USER_INPUT,
    RequestCode.LIMIT_EXCEEDED,
}
