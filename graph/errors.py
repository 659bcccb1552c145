"""Refusals of models/ as errors of the API: in `errors` of a payload, or at the top where there is no payload."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import strawberry

from graph.context import Context, Info
from graph.engine.transport import RequestCode, RequestError, public
from graph.ids import Kind, global_id
from graph.node import Node, node_of
from graph.scalars import Cursor, cursor_at
from models import errors as refused
from models.errors import DeadLinkReason, ErrorCode
from models.idempotency import Done
from models.journal import Subject
from models.viewer import Client

strawberry.enum(ErrorCode, description="More may come: show the message of a code you do not know.")


@strawberry.interface(
    description="What the rules refuse. Bugs, bad requests and a missing session are top-level errors."
)
class UserError:
    message: str = strawberry.field(description="In plain words, for a person.")
    code: ErrorCode
    path: list[str] = strawberry.field(
        description='Where in `input`, as in ["toggles", "3", "accountId"]; empty when it concerns the whole.'
    )


@strawberry.type
class Refusal(UserError):
    pass


@strawberry.type(description="CHANGED_MEANWHILE; `current` is the object as it is now.")
class Conflict(UserError):
    subject: strawberry.Private[strawberry.ID]

    @strawberry.field
    async def current(self, info: Info) -> Node | None:
        return await node_of(info, self.subject)


strawberry.enum(DeadLinkReason)


@strawberry.type(description="DEAD_LINK, of an invitation or a password reset (R9).")
class DeadLink(UserError):
    reason: DeadLinkReason


@strawberry.type
class RateLimited(UserError):
    retry_at: datetime


@strawberry.interface
class Payload:
    errors: list[UserError] = strawberry.field(default_factory=list)
    cursor: Cursor | None = strawberry.field(default=None, description="Null where nothing changed.")


KINDS = {subject: Kind[subject.name] for subject in Subject}


def user_error(refusal: refused.Refusal) -> UserError:
    message, code, path = refusal.message, refusal.code, list(refusal.path)
    if isinstance(refusal, refused.Conflict):
        kind, key = refusal.subject
        return Conflict(message=message, code=code, path=path, subject=global_id(KINDS[Subject(kind)], key))
    if isinstance(refusal, refused.DeadLink):
        return DeadLink(message=message, code=code, path=path, reason=refusal.reason)
    if isinstance(refusal, refused.RateLimited):
        return RateLimited(message=message, code=code, path=path, retry_at=refusal.retry_at)
    return Refusal(message=message, code=code, path=path)


def user_errors(refused_with: refused.Refusal | refused.Refusals) -> list[UserError]:
    several = refused_with.refusals if isinstance(refused_with, refused.Refusals) else (refused_with,)
    return [user_error(refusal) for refusal in several]


_REQUEST_CODES = {
    ErrorCode.NOT_FOUND: RequestCode.NOT_FOUND,
    ErrorCode.NOT_ALLOWED: RequestCode.FORBIDDEN,
    ErrorCode.ACCOUNT_SWITCHED: RequestCode.ACCOUNT_SWITCHED,
    ErrorCode.RATE_LIMITED: RequestCode.RATE_LIMITED,
}


@public.register
def request_error(refusal: refused.Refusal) -> RequestError:
    """For a query, a subscription or a field, which have no payload."""
    otherwise = RequestCode.LIMIT_EXCEEDED if isinstance(refusal, refused.TooMuch) else RequestCode.BAD_USER_INPUT
    code = _REQUEST_CODES.get(refusal.code, otherwise)
    return RequestError(code, refusal.message, retry_at=getattr(refusal, "retry_at", None))


def must_be_team(context: Context, otherwise: str) -> None:
    """Raises NOT_ALLOWED with this message where a client asks."""
    if isinstance(context.viewer, Client):
        raise refused.Refusal(ErrorCode.NOT_ALLOWED, otherwise)


P = ParamSpec("P")
R = TypeVar("R", bound=Payload)


def refusable(
    payload: type[R],
    *,
    clients: bool = False,
) -> Callable[
    [Callable[Concatenate[Any, Info, P], Coroutine[Any, Any, R]]],
    Callable[Concatenate[Any, Info, P], Coroutine[Any, Any, R]],
]:
    """Around a mutation: refusals become `errors` of its payload. `clients`: it is for clients, too."""

    def decorate(
        resolve: Callable[Concatenate[Any, Info, P], Coroutine[Any, Any, R]],
    ) -> Callable[Concatenate[Any, Info, P], Coroutine[Any, Any, R]]:
        @wraps(resolve)
        async def resolved(self: Any, info: Info, *args: P.args, **kwargs: P.kwargs) -> R:
            info.context.forget()  # an earlier mutation of the same document may have changed what was read
            try:
                if not clients:
                    must_be_team(info.context, "Only the firm's team may do this.")
                return await resolve(self, info, *args, **kwargs)
            except (refused.Refusal, refused.Refusals) as refusal:
                return payload(errors=user_errors(refusal))

        return resolved  # type: ignore[return-value]  # the first two go by position

    return decorate


def cursor_of(done: Done) -> Cursor | None:
    return None if done.cursor is None else cursor_at(done.cursor)
