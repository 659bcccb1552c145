"""Each operation as its operator sees it: a line in the log of production, one more in the metrics, a span."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from uuid import UUID

import structlog
from strawberry.extensions import SchemaExtension

from graph.engine.transport.documents import surveyed
from graph.engine.transport.errors import code_of, wrapped
from graph.process.budget import price
from models.ground import tracing
from models.viewer import Asker, Client

NAME = 64  # characters of an operation's name that are kept
log = structlog.get_logger("operation")


@dataclass(frozen=True, slots=True)
class Seen:
    """
    An operation that has ended. `outcome` is OK, CANCELLED or the code of its first top-level error. `member_id` of a
    colleague, `user_id` of a client; of neither: nobody was signed in.
    """

    name: str | None
    kind: str
    seconds: float
    cost: int
    outcome: str
    member_id: UUID | None
    user_id: UUID | None
    firm_id: UUID | None


class Observed(SchemaExtension):
    """Around all other extensions. Never sees variables, and of the document only its name, kind and cost."""

    def on_operation(self) -> Iterator[None]:
        context = self.execution_context.context
        with structlog.contextvars.bound_contextvars(request_id=context.call.request_id):
            unwatched = context.metrics is None and context.settings.development and not tracing.is_on()
            goes_on = context.follower.begins_at is not None  # for a group, or after one: it began before
            if unwatched or goes_on:
                yield
            else:
                with tracing.operation(context.call.connection.headers) as self._span:
                    yield from self._watched()

    def _watched(self) -> Iterator[None]:
        started, outcome = perf_counter(), "INTERNAL"
        try:
            yield
            outcome = self._outcome()
        except (asyncio.CancelledError, GeneratorExit):
            outcome = "CANCELLED"
            raise
        except Exception as error:
            outcome = code_of(wrapped(error)).value
            raise
        finally:
            self._tell(self._seen(perf_counter() - started, outcome))

    def _outcome(self) -> str:
        errors = self.execution_context.pre_execution_errors
        return code_of(errors[0]).value if errors else "OK"

    def _seen(self, seconds: float, outcome: str) -> Seen:
        operation, survey = self.execution_context, surveyed(self.execution_context)
        name, kind = None, "unknown"
        with suppress(RuntimeError):  # it was no operation
            name, kind = operation.operation_name, operation.operation_type.value
        viewer: Asker | None = operation.context.viewer
        return Seen(
            name=name[:NAME] if name else None,
            kind=kind,
            seconds=seconds,
            cost=price(survey) if survey else 0,
            outcome=outcome,
            member_id=viewer.member_id if viewer else None,
            user_id=viewer.user_id if isinstance(viewer, Client) else None,
            firm_id=viewer.firm_id if viewer else None,
        )

    def _tell(self, operation: Seen) -> None:
        context = self.execution_context.context
        if tracing.is_on():
            name = f"{operation.kind} {operation.name}" if operation.name else operation.kind
            self._span.tell(name, operation.outcome, _attributes(operation, context.call.request_id))
        if context.metrics is not None:
            context.metrics.count_operation(operation)
        if not context.settings.development:
            log.info(
                "operation",
                request_id=context.call.request_id,
                name=operation.name,
                kind=operation.kind,
                ms=round(operation.seconds * 1_000, 1),
                cost=operation.cost,
                member=operation.member_id,
                client=operation.user_id,
                firm=operation.firm_id,
                outcome=operation.outcome,
            )


def _attributes(operation: Seen, request_id: str) -> dict[str, str | int | None]:
    return {
        "graphql.operation.type": operation.kind,
        "graphql.operation.name": operation.name,
        "switchboard.cost": operation.cost,
        "switchboard.outcome": operation.outcome,
        "switchboard.request_id": request_id,
        "switchboard.firm": str(operation.firm_id) if operation.firm_id else None,
        "switchboard.member": str(operation.member_id) if operation.member_id else None,
        "switchboard.client": str(operation.user_id) if operation.user_id else None,
    }
