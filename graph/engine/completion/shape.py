"""What of a selection can be compiled: objects of one class, plain attributes and relations, and lists of these."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from graphql import (
    GraphQLField,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import CollectedFields, FieldDetails
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from graph.engine.completion.relation import many_of
from graph.engine.completion.shows import maker_of, shown_by

UNDERSTOOD = {"skip", "include"}  # directives; collecting the fields has obeyed them


class Unplanned(Exception):
    """The selection has something that is not compiled: stock completes it."""


class Collector(Protocol):
    """What is needed of the executor."""

    @property
    def schema(self) -> GraphQLSchema: ...

    def collect_subfields(self, return_type: GraphQLObjectType, field_details_list: list[Any]) -> CollectedFields: ...


@dataclass(frozen=True, slots=True)
class Value:
    """What a field or an item of a list holds: a leaf, an object or a list; the one that is not None."""

    nullable: bool
    leaf: GraphQLLeafType | None = None
    object: "Object | None" = None
    items: "Value | None" = None


@dataclass(frozen=True, slots=True)
class Field:
    """
    `many` reads it for all objects of a list, and their values then stand in `Ready` under `slot`. `maker` makes it of
    one object. With neither it is an attribute. `value` None: `__typename`.
    """

    response_name: str
    attribute: str
    value: Value | None
    many: Callable[..., Any] | None = None
    maker: Callable[[Any], Any] | None = None
    slot: int = field(default_factory=count().__next__)


@dataclass(frozen=True, slots=True)
class Object:
    """`classes`: of which an object must be, exactly. `castable`: stock asks whether it was cast to another type."""

    name: str
    classes: tuple[type, ...]
    castable: bool
    fields: list[Field] = field(default_factory=list)


def object_of(executor: Collector, kind: GraphQLObjectType, details: list[FieldDetails]) -> Object:
    """Raises Unplanned."""
    definition = kind.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if definition is None:
        raise Unplanned
    selection = Object(kind.name, _classes(definition), kind.is_type_of is not None and not shown_by(definition))
    for name, below in executor.collect_subfields(kind, details).grouped_field_set.items():
        selection.fields.append(_field(executor, kind, name, below))
    return selection


def _classes(definition: StrawberryObjectDefinition) -> tuple[type, ...]:
    if shown := shown_by(definition):
        return (shown,)
    if definition.is_type_of:
        raise Unplanned
    concrete_of = definition.concrete_of
    classes = (definition.origin, concrete_of.origin) if concrete_of else (definition.origin,)
    if any(issubclass(class_, Exception) or hasattr(class_, "__await__") for class_ in classes):
        raise Unplanned
    return classes


def _field(executor: Collector, kind: GraphQLObjectType, name: str, details: list[FieldDetails]) -> Field:
    if any(map(_is_unusual, details)):
        raise Unplanned
    node = details[0].node
    if node.name.value == "__typename":
        return Field(name, "__typename", None)
    definition = executor.schema.get_field(kind, node.name.value)
    if definition is None or definition.args or node.arguments:
        raise Unplanned
    source = _source(definition)
    value = _value(executor, definition.type, details)
    maker = maker_of(source)
    if maker and not value.leaf:
        raise Unplanned
    return Field(name, source.python_name, value, many_of(source), maker)


def _is_unusual(details: FieldDetails) -> bool:
    strange = {directive.name.value for directive in details.node.directives or ()} - UNDERSTOOD
    return bool(strange) or details.defer_usage is not None or details.fragment_variable_values is not None


def _source(definition: GraphQLField) -> StrawberryField:
    source = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(source, StrawberryField) or source.permission_classes or source.extensions:
        raise Unplanned  # a field with permission classes looks like a basic one
    if many_of(source) or maker_of(source):
        return source
    if not (source.is_basic_field and source.default_resolver is getattr):
        raise Unplanned
    if not getattr(definition.resolve, "_is_default", False):
        raise Unplanned
    return source


def _value(executor: Collector, kind: GraphQLOutputType, details: list[FieldDetails]) -> Value:
    nullable = not is_non_null_type(kind)
    inner: Any = kind if nullable else kind.of_type  # type: ignore[union-attr]
    if is_leaf_type(inner):
        return Value(nullable, leaf=inner)
    if is_list_type(inner):
        return Value(nullable, items=_value(executor, inner.of_type, details))
    if is_object_type(inner):
        return Value(nullable, object=object_of(executor, inner, details))
    raise Unplanned
