"""Relations, read level by level: one call for all objects of a level."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from graph.engine.completion.leaves import Odd
from graph.engine.completion.program import Ready
from graph.engine.completion.shape import Field, Object, Value


class Reading:
    """What must be read below the objects of one object type; falsy: nothing."""

    def __init__(self, kind: Object) -> None:
        self._classes = frozenset(kind.classes)
        self._links = [link for link in map(_Link, kind.fields) if link.many or link.below]

    def __bool__(self) -> bool:
        return bool(self._links)

    async def read(self, objects: Sequence[Any], context: Any, ready: Ready) -> None:
        """Fills `ready`. Raises Odd for objects of another class, and whatever the relations raise."""
        if not objects:
            return
        if not self._classes.issuperset(map(type, objects)):
            raise Odd
        if len(self._links) == 1:
            await self._links[0].read(objects, context, ready)
            return
        readings = (link.read(objects, context, ready) for link in self._links)
        outcomes = await asyncio.gather(*readings, return_exceptions=True)
        if error := next((outcome for outcome in outcomes if outcome is not None), None):
            raise error


class _Link:
    def __init__(self, field: Field) -> None:
        self.many: Callable[..., Any] | None = field.many
        self.below = reading_of(field.value)
        self._field = field
        self._lists = bool(field.value and field.value.items)

    async def read(self, objects: Sequence[Any], context: Any, ready: Ready) -> None:
        values = await self._values(objects, context, ready)
        if self.below:
            await self.below.read(self._children(values), context, ready)

    async def _values(self, objects: Sequence[Any], context: Any, ready: Ready) -> Sequence[Any]:
        if self.many is None:
            return [getattr(parent, self._field.attribute) for parent in objects]
        values: Sequence[Any] = await self.many(objects, context)
        ready[self._field.slot] = {id(parent): value for parent, value in zip(objects, values, strict=True)}
        return values

    def _children(self, values: Sequence[Any]) -> list[Any]:
        if not self._lists:
            return [value for value in values if value is not None]
        return [child for value in values if value is not None for child in value if child is not None]


def reading_of(value: Value | None) -> Reading | None:
    """None where nothing is to be read."""
    inner = value.items if value and value.items else value
    if inner is None or inner.object is None:
        return None
    return Reading(inner.object) or None
