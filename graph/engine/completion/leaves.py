"""Scalars and enums: a test that costs nothing for the usual value, stock's own words for all others."""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLEnumType, GraphQLLeafType, Undefined
from strawberry.execution.is_awaitable import optimized_is_awaitable

INT_MIN, INT_MAX = -(2**31), 2**31 - 1


class Odd(Exception):
    """A value that stock has to look at: it completes this list, and the next one is compiled again."""


def usual(leaf: GraphQLLeafType, value: str) -> str | None:
    """The condition, in Python, on which the variable `value` needs no conversion; None: it always does."""
    return {
        "ID": f"type({value}) is str",
        "String": f"type({value}) is str",
        "Boolean": f"{value} is True or {value} is False",
        "Int": f"type({value}) is int and {INT_MIN} <= {value} <= {INT_MAX}",
    }.get(leaf.name)


def writer(leaf: GraphQLLeafType) -> Callable[[Any], Any]:
    """How stock writes a value that is not null. Raises Odd, or what the type itself raises."""

    def written(value: Any) -> Any:
        if value is None or value is Undefined or isinstance(value, Exception) or optimized_is_awaitable(value):
            raise Odd
        output = leaf.coerce_output_value(value)
        if output is None or output is Undefined:
            raise Odd
        return output

    return _with_names(leaf, written) if isinstance(leaf, GraphQLEnumType) else written


def _with_names(leaf: GraphQLEnumType, otherwise: Callable[[Any], Any]) -> Callable[[Any], Any]:
    members = list(getattr(leaf, "wrapped_cls", ()))
    names = {id(member): leaf.coerce_output_value(member) for member in members}  # hashing a member costs more

    def written(value: Any, members: object = members) -> Any:  # `members` keeps the ids from being used again
        return names.get(id(value)) or otherwise(value)

    return written
