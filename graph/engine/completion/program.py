"""
The code that turns rows into what JSON is made of, written out for one selection.

For a list of `Account { id, name }`, whose name may be null, this is compiled:

    def object_2(o, ready):
        if type(o) is not class_1: raise Odd                    # of another class than planned: see `program`
        v0 = o.id
        if not (type(v0) is str): v0 = write_3(v0)              # the usual value costs a comparison, others stock's way
        v1 = o.name
        if v1 is not None:
            if not (type(v1) is str): v1 = write_4(v1)
        return {'id': v0, 'name': v1}

    def complete(v, ready):
        if type(v) is not list and type(v) is not tuple: raise Odd
        v = [object_2(i0, ready) for i0 in v]
        return v

Names of the schema stand in it as literals (`repr`) or attributes of our own classes; nothing that a client sends does,
but for aliases, which are GraphQL names. Values of relations have been read before, all of a level at once (`Ready`).
"""

from collections.abc import Callable, Iterator
from typing import Any

from strawberry.types.cast import TYPE_CAST_ATTRIBUTE

from graph.engine.completion.leaves import Odd, usual, writer
from graph.engine.completion.shape import Field, Object, Value

Ready = dict[int, dict[int, Any]]
"""By slot of a relation and `id()` of an object: what was read for it. Lives as long as one completion."""
Program = Callable[[Any, Ready], Any]


def program(value: Value) -> Program:
    """
    Takes what a resolver gave, answers what graphql-core ("stock") would. Raises Odd, or anything, where it cannot:
    then the whole list is completed once more by stock, which gives the answer, or the error and its place.
    """
    writing = _Writing()
    lines = [f"def complete(v, ready):\n{_indented(writing.of_value(value, 'v', 0))}\n    return v"]
    exec("\n".join([*writing.functions, *lines]), writing.names)  # noqa: S102 - of names of our own schema
    complete: Program = writing.names["complete"]
    return complete


class _Writing:
    """`names`: what the code knows its values by, each with a number, so that none is taken twice."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"Odd": Odd}
        self.functions: list[str] = []

    def of_value(self, value: Value, v: str, depth: int) -> list[str]:
        """Statements that complete the variable `v` in place."""
        lines = list(self._of_not_null(value, v, depth))
        return [f"if {v} is not None:", *("    " + line for line in lines)] if value.nullable else lines

    def _of_not_null(self, value: Value, v: str, depth: int) -> Iterator[str]:
        if value.leaf:
            write = self._named("write", writer(value.leaf))
            test = usual(value.leaf, v)
            yield f"if not ({test}): {v} = {write}({v})" if test else f"{v} = {write}({v})"
        elif value.object:
            yield f"{v} = {self._function(value.object)}({v}, ready)"
        elif value.items:
            item = f"i{depth}"
            yield f"if type({v}) is not list and type({v}) is not tuple: raise Odd"
            yield from self._list(value.items, v, item, depth)

    def _list(self, items: Value, v: str, item: str, depth: int) -> Iterator[str]:
        if items.object and not items.nullable:
            yield f"{v} = [{self._function(items.object)}({item}, ready) for {item} in {v}]"
            return
        yield f"l{depth} = []"
        yield f"for {item} in {v}:"
        yield from ("    " + line for line in self.of_value(items, item, depth + 1))
        yield f"    l{depth}.append({item})"
        yield f"{v} = l{depth}"

    def _function(self, kind: Object) -> str:
        classes = [self._named("class", class_) for class_ in kind.classes]
        name = f"object_{len(self.names)}"
        self.names[name] = None  # so that the number is taken
        body = ["if " + " and ".join(f"type(o) is not {class_}" for class_ in classes) + ": raise Odd"]
        if kind.castable:
            body.append(f"if {TYPE_CAST_ATTRIBUTE!r} in o.__dict__: raise Odd")
        for place, field in enumerate(kind.fields):
            body += self._field(kind, field, f"v{place}")
        pairs = ", ".join(f"{field.response_name!r}: v{place}" for place, field in enumerate(kind.fields))
        body.append(f"return {{{pairs}}}")
        self.functions.append(f"def {name}(o, ready):\n{_indented(body)}")
        return name

    def _field(self, kind: Object, field: Field, v: str) -> Iterator[str]:
        if field.value is None:
            yield f"{v} = {kind.name!r}"
            return
        if field.many:
            yield f"{v} = ready[{field.slot}][id(o)]"
        elif field.maker:
            yield f"{v} = {self._named('make', field.maker)}(o)"
        else:
            yield f"{v} = o.{field.attribute}"
        yield from self.of_value(field.value, v, 0)

    def _named(self, prefix: str, value: object) -> str:
        name = f"{prefix}_{len(self.names)}"
        self.names[name] = value
        return name


def _indented(lines: list[str]) -> str:
    return "\n".join("    " + line for line in lines)
