"""Compiled plans are kept per operation; a document that comes only once, with few rows, is not worth one."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from graphql import (
    DefinitionNode,
    DirectiveNode,
    GraphQLObjectType,
    GraphQLOutputType,
    VariableNode,
    Visitor,
    is_non_null_type,
    is_object_type,
    visit,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails

from graph.engine.completion.program import Program, program
from graph.engine.completion.reading import Reading
from graph.engine.completion.shape import Unplanned, Value, object_of

KEPT_OPERATIONS = 256
KEPT_PLANS = 64  # of one operation: each list of it, for each way that its @skip and @include fell out
WORTH_IT = 20  # rows from which a plan is made at the first use


class Plan:
    """For a list of objects: what is to be read first, and the program. Raises Unplanned."""

    def __init__(self, executor: Any, kind: GraphQLObjectType, nullable: bool, details: list[FieldDetails]) -> None:
        item = object_of(executor, kind, details)
        self.reading = Reading(item) or None
        self.complete: Program = program(Value(False, items=Value(nullable, object=item)))


class Plans:
    """Of one operation. Keys are made of `id()`, so it holds on to those objects: no other gets the same id."""

    def __init__(self, schema: object, operation: DefinitionNode, fragments: Sequence[DefinitionNode]) -> None:
        self.uses = 0
        self._held = (schema, operation, fragments)
        self._conditions = sorted({name for node in (operation, *fragments) for name in _conditions(node)})
        self._plans: dict[object, Plan | None] = {}

    def plan(
        self, executor: Executor[Any], item_type: GraphQLOutputType, details: list[FieldDetails], count: int
    ) -> Plan | None:
        """None: stock completes this list."""
        if self.uses < 2 and count < WORTH_IT:
            return None
        variables = executor.variable_values.coerced
        key = (id(item_type), *(id(field.node) for field in details), *map(variables.get, self._conditions))
        if key not in self._plans:
            if len(self._plans) >= KEPT_PLANS:
                self._plans.clear()
            self._plans[key] = _made(executor, item_type, details)
        return self._plans[key]


def _made(executor: Executor[Any], item_type: GraphQLOutputType, details: list[FieldDetails]) -> Plan | None:
    nullable = not is_non_null_type(item_type)
    kind: Any = item_type if nullable else item_type.of_type  # type: ignore[union-attr]
    if not is_object_type(kind) or any(field.defer_usage or field.fragment_variable_values for field in details):
        return None
    try:
        return Plan(executor, kind, nullable, details)
    except Unplanned:
        return None


class _Conditions(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        if node.name.value in ("skip", "include"):
            values = (argument.value for argument in node.arguments or ())
            self.names |= {value.name.value for value in values if isinstance(value, VariableNode)}


def _conditions(definition: DefinitionNode) -> set[str]:
    """The variables that decide which fields there are."""
    visitor = _Conditions()
    visit(definition, visitor)
    return visitor.names


_operations: OrderedDict[tuple[int, ...], Plans] = OrderedDict()


def plans_of(executor: Executor[Any]) -> Plans:
    """Those of its operation, the latest used of 256."""
    fragments = tuple(executor.fragment_definitions.values())
    key = (id(executor.schema), id(executor.operation), *map(id, fragments))
    if (plans := _operations.get(key)) is None:
        plans = _operations[key] = Plans(executor.schema, executor.operation, fragments)
        if len(_operations) > KEPT_OPERATIONS:
            _operations.popitem(last=False)
    _operations.move_to_end(key)
    return plans
