"""What a client is told when something goes wrong, and what only the log is told.

    RequestError    the request itself is at fault, or has no session: its code and words reach the client
    Away            the database is away: UNAVAILABLE, which clients may try again

Everything else that a resolver raises is a bug: logged once with its traceback, masked for the client; but for the
exceptions of which whoever uses this has said what they are (`public`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property, singledispatch
from http import HTTPStatus
from math import ceil
from typing import Any

import orjson
import structlog
from graphql import FieldNode, GraphQLError, GraphQLSyntaxError
from strawberry.exceptions import MissingQueryError, StrawberryInputCoercionError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from graph.engine.transport import words
from models.ground.store import Away
from models.ground.tracebacks import traceback_of

logger = structlog.get_logger("graph")
PLACES = 5  # of an error that are named: of fields that do not go together there may be a thousand
_AWAY = "{} does not answer just now. Try again; of a mutation, look first whether it was done."
AWAY = _AWAY.format(Away.what)


class RequestCode(StrEnum):
    """`extensions.code` of top-level errors."""

    BAD_REQUEST = "BAD_REQUEST"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    ACCOUNT_SWITCHED = "ACCOUNT_SWITCHED"
    PAGE_CURSOR_OUTDATED = "PAGE_CURSOR_OUTDATED"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    RATE_LIMITED = "RATE_LIMITED"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_IN_LIST = "PERSISTED_QUERY_NOT_IN_LIST"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"

    @property
    def status(self) -> HTTPStatus:
        """The HTTP status of a request that was refused for this."""
        return _STATUS.get(self, HTTPStatus.BAD_REQUEST)


_STATUS = {
    RequestCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    RequestCode.FORBIDDEN: HTTPStatus.FORBIDDEN,
    RequestCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    RequestCode.ACCOUNT_SWITCHED: HTTPStatus.CONFLICT,
    RequestCode.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    RequestCode.NOT_ACCEPTABLE: HTTPStatus.NOT_ACCEPTABLE,
    RequestCode.PAYLOAD_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    RequestCode.UNSUPPORTED_MEDIA_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    RequestCode.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    RequestCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    RequestCode.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class RequestError(Exception):
    """The request is at fault. `message` is read by a person; raise it anywhere, also in a resolver.

    `retry_at`: when the same request may work, in UTC; told as `extensions.retryAt`.
    """

    def __init__(self, code: RequestCode, message: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_at = retry_at


@singledispatch
def public(exception: Exception) -> Exception:
    """The exception that a client is told of in its place. `@public.register` names one for a class of exceptions."""
    return exception


@dataclass(frozen=True)
class Answer:
    """
    What goes back, as in the GraphQL specification. `refused` says why nothing ran; None: it ran. `lacks`: some of it
    could not be read, as the database was away. `retry_at`: when what was refused may work.
    """

    body: dict[str, Any]
    refused: RequestCode | None = None
    lacks: bool = False
    retry_at: datetime | None = None

    @property
    def status(self) -> HTTPStatus:
        """Of an answer that is no GraphQL."""
        return self.refused.status if self.refused else HTTPStatus.OK

    @property
    def retry_after(self) -> dict[str, str]:
        """The header that says it, in seconds; none where nobody knows."""
        if self.retry_at is None:
            return {}
        return {"Retry-After": str(max(1, ceil((self.retry_at - datetime.now(UTC)).total_seconds())))}

    @cached_property
    def json(self) -> str:
        """
        Encoded once, however many it is sent to; a text, as orjson's bytes hold on to 4 kB however short they are.

        Raises TypeError where a resolver gave what is no JSON.
        """
        return orjson.dumps(self.body).decode()


def answer_of(result: ExecutionResult, *, request_id: str) -> Answer:
    """The public form of a result: public errors pass, unexpected ones are logged and masked."""
    errors = result.errors or []
    before = result.data is None and bool(errors) and all(error.path is None for error in errors)
    coded = [(error, code_of(error)) for error in errors]
    _log([error for error, code in coded if code is RequestCode.INTERNAL or _is_away(error)], request_id)
    body: dict[str, Any] = {} if before else {"data": result.data}
    if errors:
        body["errors"] = [_public(error, code, request_id) for error, code in coded]
    if result.extensions:
        body["extensions"] = result.extensions
    lacks = any(code is RequestCode.UNAVAILABLE for _, code in coded)
    if not before:
        return Answer(body, lacks=lacks)
    return Answer(body, coded[0][1], lacks, getattr(_cause(errors[0]), "retry_at", None))


def refusal(exception: Exception, *, request_id: str) -> Answer:
    """The answer to a request that failed as a whole, before or beside its execution."""
    return answer_of(PreExecutionError(data=None, errors=[wrapped(exception)]), request_id=request_id)


def wrapped(exception: Exception) -> GraphQLError:
    """The error that it would be, had it been raised while an operation ran."""
    return exception if isinstance(exception, GraphQLError) else GraphQLError(str(exception), original_error=exception)


def code_of(error: GraphQLError) -> RequestCode:
    """What a client is told of it; INTERNAL: a bug of ours."""
    cause = _cause(error)
    if isinstance(cause, RequestError):
        return cause.code
    if isinstance(cause, Away):
        return RequestCode.UNAVAILABLE
    if isinstance(cause, GraphQLSyntaxError):
        return RequestCode.GRAPHQL_PARSE_FAILED
    if isinstance(cause, InvalidOperationTypeError):
        return _wrong_way(cause)
    if isinstance(cause, MissingQueryError | CannotGetOperationTypeError):
        return RequestCode.BAD_REQUEST
    if isinstance(cause, GraphQLError) and error.path is None:
        return RequestCode.BAD_USER_INPUT if _about_a_value(error) else RequestCode.GRAPHQL_VALIDATION_FAILED
    if isinstance(cause, GraphQLError) and _points_at_an_argument(error):
        return RequestCode.BAD_USER_INPUT
    return RequestCode.INTERNAL


def _wrong_way(cause: InvalidOperationTypeError) -> RequestCode:
    subscribes = cause.operation_type is OperationType.SUBSCRIPTION
    return RequestCode.BAD_REQUEST if subscribes else RequestCode.METHOD_NOT_ALLOWED


def _cause(error: GraphQLError) -> Exception:
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return public(cause)


def _is_away(error: GraphQLError) -> bool:
    return isinstance(_cause(error), Away)


def _about_a_value(error: GraphQLError) -> bool:
    # the words are graphql-core's and all that tells a variable's value from its declaration; a test holds them
    if isinstance(_cause(error), StrawberryInputCoercionError):  # of a variable's @oneOf
        return True
    return error.message.startswith("Variable '$") and "' has invalid value" in error.message


def _points_at_an_argument(error: GraphQLError) -> bool:
    # graphql-core coerces arguments while it executes and then names the value, not the field: the client's mistake
    return bool(error.nodes) and not any(isinstance(node, FieldNode) for node in error.nodes or ())


def _public(error: GraphQLError, code: RequestCode, request_id: str) -> dict[str, Any]:
    formatted = dict(error.formatted)
    formatted["message"] = _message(error, code, request_id)
    if error.locations:
        formatted["locations"] = [location.formatted for location in error.locations[:PLACES]]
    formatted["extensions"] = {"code": code.value, "requestId": request_id} | _retry(error)
    return formatted


def _retry(error: GraphQLError) -> dict[str, str]:
    retry_at = getattr(_cause(error), "retry_at", None)
    return {"retryAt": retry_at.isoformat(timespec="seconds")} if retry_at else {}


def _message(error: GraphQLError, code: RequestCode, request_id: str) -> str:
    if code is RequestCode.INTERNAL:
        return f"Something went wrong on our side. Quote the request id {request_id} when you tell us."
    cause = _cause(error)
    if isinstance(cause, Away):
        return _AWAY.format(cause.what)
    if isinstance(cause, MissingQueryError):
        return "`query` is missing or empty."
    if isinstance(cause, CannotGetOperationTypeError):
        return "The document has no operation of that name, or several and `operationName` names none."
    if isinstance(cause, InvalidOperationTypeError):
        return (
            "That kind of operation cannot travel this way: mutations need POST, subscriptions a WebSocket or a stream."
        )
    if not isinstance(cause, RequestError):
        return words.told(cause if isinstance(cause, GraphQLSyntaxError) else error)
    where = words.place(error)
    return words.shortened(f"{where}: {cause.message}" if where else cause.message)


def _log(errors: Sequence[GraphQLError], request_id: str) -> None:
    """One entry for each cause. The traceback goes as text: renderers that print local variables would leak secrets."""
    causes = {id(cause): (cause, error) for error in errors for cause in [_cause(error)]}
    for cause, error in causes.values():
        if isinstance(cause, Away):  # that is no bug to look for
            logger.warning("database away", request_id=request_id, error=str(cause))
            continue
        exception = traceback_of(cause)
        logger.error("unexpected error", request_id=request_id, path=error.path, exception=exception)
