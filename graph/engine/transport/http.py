"""The GraphQL endpoint: GraphQL over HTTP (draft of 2025) here, WebSocket in websocket.py, streams in stream.py."""

from collections.abc import Collection
from dataclasses import replace
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
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.graphql import OperationType

from graph.engine.transport.call import Call, ContextGetter, request_id_of
from graph.engine.transport.errors import Answer, RequestCode, RequestError, answer_of, refusal
from graph.engine.transport.groups import Groups
from graph.engine.transport.media import JSON, SSE, Wish, accepted
from graph.engine.transport.multipart import Multipart
from graph.engine.transport.operation import answers
from graph.engine.transport.origin import CookieGuard
from graph.engine.transport.persisted import AutomaticDocuments, Persisted
from graph.engine.transport.request import GraphQLRequest, read
from graph.engine.transport.sockets import Sockets
from graph.engine.transport.sse import EventStream
from graph.engine.transport.strangers import Strangers
from graph.engine.transport.stream import Stream
from graph.engine.transport.turnstile import Turnstile
from graph.engine.transport.websocket import Socket
from graph.engine.transport.wire import Wire


class GraphQLEndpoint(GraphQL[Any, None]):
    """Serve the same instance by `Route` and `WebSocketRoute` (`Mount` would redirect).

    `max_body` is in bytes; `init_timeout`, `send_timeout` and `beat_interval` in seconds. A socket on which nobody is
    signed in ends `stranger_seconds` after its last operation; of one network there are at most `strangers` of them.
    `allowed_origins` are those whose pages may use the cookie, beside the server's own. `persisted`: where documents
    come from; else automatic.
    """

    def __init__(
        self,
        schema: BaseSchema,
        *,
        context_getter: ContextGetter,
        cookie: str = "__Host-session",
        allowed_origins: Collection[str] = (),
        sockets: Sockets | None = None,
        persisted: Persisted | None = None,
        queries_by_get: bool = True,
        max_body: int = 1_000_000,
        max_operations: int = 50,
        init_timeout: float = 10.0,
        stranger_seconds: float = 30.0,
        strangers: int = 50,
        send_timeout: float = 10.0,
        beat_interval: float = 10.0,
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
        self.persisted = persisted if persisted is not None else AutomaticDocuments()
        self.groups = Groups()
        self.max_body = max_body
        self.max_operations = max_operations
        self.init_timeout = init_timeout
        self.stranger_seconds = stranger_seconds
        self.strangers = Strangers(strangers)
        self._newcomers = Turnstile()
        self.send_timeout = send_timeout
        self.beat_interval = beat_interval

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            return await self._serve_socket(WebSocket(scope, receive, send), receive, send)
        try:
            response = await self._respond(Request(scope, receive))
        except ClientDisconnect:
            return None
        return await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response | Stream:
        call = Call(request, request_id_of(request), request.headers.get("authorization"), Response())
        wish = Wish(JSON)
        try:
            wish = accepted(request.headers.get("accept"))
            return await self._served(request, call, wish)
        except ClientDisconnect:
            raise
        except Exception as error:
            answer = refusal(error, request_id=call.request_id)
            return _response(answer, call, wish.plain or JSON, self._allowed(request))

    async def _served(self, request: Request, call: Call, wish: Wish) -> Response | Stream:
        self._check_method(request)
        self.guard.check_request(request)
        operation = await read(request, max_bytes=self.max_body)
        if wish.streams or wish.plain is None:
            return await self._streamed(operation, replace(call, response=None), wish)
        try:
            return _response(await self._executed(operation, call), call, wish.plain, self._allowed(request))
        except InvalidOperationTypeError as error:
            if wish.stream is None or error.operation_type is not OperationType.SUBSCRIPTION:
                raise
            return await self._streamed(operation, replace(call, response=None), wish)  # so far nothing has run

    async def _executed(self, request: GraphQLRequest, call: Call) -> Answer:
        context = await self.context_getter(call)
        result = await self.schema.execute(
            self.persisted.text(request),
            variable_values=request.variables,
            context_value=context,
            operation_name=request.operation_name,
            allowed_operation_types=_kinds(call) - {OperationType.SUBSCRIPTION},
        )
        answer = answer_of(result, request_id=call.request_id)
        if answer.refused is None:
            self.persisted.ran(request)
        return answer

    async def _streamed(self, request: GraphQLRequest, call: Call, wish: Wish) -> Stream:
        """Headers go before the operation runs: it can set no cookie, and the document's faults are told inside."""
        context = await self.context_getter(call)
        if self.sockets.draining:  # last: nothing is awaited between this and the stream's being known to `sockets`
            raise RequestError(RequestCode.UNAVAILABLE, "The server restarts; connect again.")
        own_answers = answers(self, request, context, request_id=call.request_id, kinds=_kinds(call))
        framing = EventStream() if wish.stream == SSE else Multipart()
        return Stream(self, framing, own_answers, holder=context.holder, request_id=call.request_id)

    def _allowed(self, request: Request) -> str:
        """A GET was refused for what it asked: that needs POST."""
        return "GET, POST" if self.allow_queries_via_get and request.method != "GET" else "POST"

    def _check_method(self, request: Request) -> None:
        if request.method != "POST" and not (request.method == "GET" and self.allow_queries_via_get):
            raise RequestError(RequestCode.METHOD_NOT_ALLOWED, "Use POST here.")

    async def _serve_socket(self, websocket: WebSocket, receive: Receive, send: Send) -> None:
        await websocket.receive()  # websocket.connect
        await self._newcomers.enter()
        try:
            self.guard.check_socket(websocket)
        except RequestError as error:
            return await websocket.send_denial_response(Response(error.message, 403, media_type="text/plain"))
        protocol = await self.pick_websocket_subprotocol(websocket)
        await websocket.accept(subprotocol=protocol)
        wire = Wire(websocket, receive, send, send_timeout=self.send_timeout)
        if protocol is None:
            return await wire.close(4406, "Subprotocol not acceptable: use graphql-transport-ws")
        return await Socket(self, websocket, wire).run()


def _kinds(call: Call) -> set[OperationType]:
    """A GET changes nothing."""
    reading = call.connection.scope["method"] == "GET"
    return set(OperationType) - {OperationType.MUTATION} if reading else set(OperationType)


def _response(answer: Answer, call: Call, media_type: str, allowed: str) -> Response:
    try:
        body = orjson.dumps(answer.body)
    except TypeError as error:  # a resolver gave what is no JSON
        answer = refusal(error, request_id=call.request_id)
        body = orjson.dumps(answer.body)
    response = Response(body, _status(answer, media_type), media_type=f"{media_type}; charset=utf-8")
    _add_headers(response, answer, call, allowed)
    return response


def _add_headers(response: Response, answer: Answer, call: Call, allowed: str) -> None:
    if call.response is not None:
        own_headers = {b"content-length", b"content-type"}
        response.raw_headers.extend(header for header in call.response.raw_headers if header[0] not in own_headers)
    response.headers["X-Request-Id"] = call.request_id
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(answer.retry_after)
    if answer.refused is RequestCode.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = allowed
    if answer.refused is RequestCode.UNAUTHENTICATED:
        response.headers["WWW-Authenticate"] = "Bearer"


def _status(answer: Answer, media_type: str) -> int:
    """`application/json` says 200 wherever the request itself was well formed; the newer type says what happened."""
    if answer.lacks and answer.body.get("data") is None:  # nothing came of it: proxies and clients may try again
        return HTTPStatus.SERVICE_UNAVAILABLE
    if answer.refused is None or (media_type == JSON and answer.refused in _FAULTS_OF_THE_DOCUMENT):
        return HTTPStatus.OK
    return answer.refused.status


_FAULTS_OF_THE_DOCUMENT = {
    RequestCode.GRAPHQL_PARSE_FAILED,
    RequestCode.GRAPHQL_VALIDATION_FAILED,
    RequestCode.BAD_USER_INPUT,
    RequestCode.LIMIT_EXCEEDED,
    RequestCode.PERSISTED_QUERY_NOT_FOUND,
    RequestCode.PERSISTED_QUERY_NOT_IN_LIST,
}
