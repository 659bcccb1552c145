"""Strawberry's executor, with lists of objects completed by plans where there is one."""

from collections.abc import Iterable
from typing import Any

from graphql import GraphQLOutputType, GraphQLResolveInfo
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import Path

from graph.engine.completion.plans import Plan, Plans, plans_of
from graph.engine.completion.program import Ready
from graph.engine.transport import EventExecutor


class CompilingExecutor(EventExecutor):
    """
    Leans on `complete_iterable_value` of graphql-core 3.3, of which a test holds the signature.

    Plans stand aside where an extension looks at each field (`SchemaExtension.resolve`, custom directives), where an
    executor that inherits does (`compiles`), or the operation can be aborted.
    """

    compiles = True
    _plans: Plans | None = None

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: list[FieldDetails],
        info: GraphQLResolveInfo[Any],
        path: Path,
        items: Iterable[Any],
        position_context: Any,
    ) -> Any:
        plan = self._plan(item_type, field_details_list, items)
        if plan is None:
            return super().complete_iterable_value(item_type, field_details_list, info, path, items, position_context)
        arguments = (item_type, field_details_list, info, path, items, position_context)
        if plan.reading and items:
            return self._read_and_complete(plan, arguments)
        try:
            return plan.complete(items, {})
        except Exception:  # stock finds the same fault, and says where it is
            return super().complete_iterable_value(*arguments)

    async def _read_and_complete(self, plan: Plan, arguments: tuple[Any, ...]) -> Any:
        items = arguments[4]
        assert plan.reading
        try:
            ready: Ready = {}
            await plan.reading.read([item for item in items if item is not None], self.context_value, ready)
            return plan.complete(items, ready)
        except Exception:
            completed = super().complete_iterable_value(*arguments)
            return await completed if self.is_awaitable(completed) else completed

    def _plan(self, item_type: GraphQLOutputType, details: list[FieldDetails], items: Iterable[Any]) -> Plan | None:
        if not self.compiles or (type(items) is not list and type(items) is not tuple):
            return None
        if self.abort_signal is not None or (self.middleware_manager and self.middleware_manager.middlewares):
            return None
        if self._plans is None:
            self._plans = plans_of(self)
            self._plans.uses += 1
        return self._plans.plan(self, item_type, details, len(items))
