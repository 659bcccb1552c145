"""A Strawberry schema fit for the edge: quiet, limited, cached, with a fresh context for each event."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import strawberry
from graphql import GraphQLError
from graphql.type.definition import GraphQLResolveInfoHelpers
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionContext

from graph.engine.limits import Limits
from graph.engine.transport import words
from graph.engine.transport.documents import FAULTS, Documents, Library
from graph.engine.transport.hooks import Runner

MOST_FAULTS = 9  # the place of `max_coercion_errors` among the arguments of graphql-core's `build`


class EventExecutor(StrawberryGraphQLCoreExecutionContext):
    """Before each event of a subscription the context is renewed, so that no loader answers from an older event.

    Leans on `build_per_event_executor` of graphql-core 3.3; a test holds it. Other executors may inherit from this one.
    """

    @classmethod
    def build(cls, *args: Any, **more: Any) -> Any:
        """Of the faults of variables too only the first few are told, and nothing is suggested; a test holds it."""
        arguments = (*args[:MOST_FAULTS], FAULTS, *args[MOST_FAULTS + 1 :])
        return super().build(*arguments, **more | {"hide_suggestions": True})

    @property
    def async_helpers(self) -> GraphQLResolveInfoHelpers:
        """Made for each resolver: kept, they would tie the executor, and all that was read, into a cycle."""
        return GraphQLResolveInfoHelpers(gather=self.gather_async_work, track=self.track_async_work)

    @async_helpers.setter
    def async_helpers(self, _: GraphQLResolveInfoHelpers) -> None:
        pass

    def build_per_event_executor(self, payload: Any) -> "EventExecutor":
        executor = super().build_per_event_executor(payload)
        renew = getattr(self.context_value, "renew", None)
        if renew is not None:
            executor.context_value = renew()
        return executor  # type: ignore[return-value]


class Schema(strawberry.Schema):
    """As strawberry.Schema; its errors are logged by the edge, once and masked (Strawberry logs document and all)."""

    def __init__(
        self,
        query: type,
        mutation: type | None = None,
        subscription: type | None = None,
        *,
        limits: Limits | None = None,
        extensions: Sequence[type[SchemaExtension] | Callable[[], SchemaExtension]] = (),
        execution_context_class: type[EventExecutor] = EventExecutor,
        **more: Any,
    ) -> None:
        documents = partial(Documents, Library(limits or Limits()))
        super().__init__(
            query,
            mutation,
            subscription,
            extensions=[documents, *extensions],
            execution_context_class=execution_context_class,
            **more,
        )
        words.know(self._schema)

    def create_extensions_runner(
        self, execution_context: ExecutionContext, extensions: list[SchemaExtension]
    ) -> Runner:
        """A quicker one."""
        return Runner(execution_context=execution_context, extensions=extensions)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: see graph.engine.transport.errors."""
