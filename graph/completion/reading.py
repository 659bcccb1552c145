"""Relations, read level by level: one call for all rows, whose values wait on the rows as attributes."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from graph.completion.leaves import Odd
from graph.completion.program import ready
from graph.completion.shape import Field, Object, Value


class Reading:
    """What must be read below the rows of one object type; falsy: nothing."""

    def __init__(self, kind: Object) -> None:
        self._classes = frozenset(kind.classes)
        self._links = [link for link in map(_Link, kind.fields) if link.many or link.below]

    def __bool__(self) -> bool:
        return bool(self._links)

    async def read(self, rows: Sequence[Any], context: Any) -> None:
        """Raises Odd for rows of another class, and whatever the relations raise."""
        if not rows:
            return
        if not self._classes.issuperset(map(type, rows)):
            raise Odd
        if len(self._links) == 1:
            await self._links[0].read(rows, context)
            return
        told = await asyncio.gather(*(link.read(rows, context) for link in self._links), return_exceptions=True)
        if failed := next((each for each in told if each is not None), None):
            raise failed


class _Link:
    def __init__(self, field: Field) -> None:
        self.many: Callable[..., Any] | None = field.many
        self.below = reading_of(field.value)
        self._attribute = field.attribute
        self._lists = bool(field.value and field.value.items)

    async def read(self, rows: Sequence[Any], context: Any) -> None:
        if self.many:
            await self._fill([row for row in rows if ready(self._attribute) not in row.__dict__], context)
        if self.below:
            await self.below.read(self._children(rows), context)

    async def _fill(self, rows: Sequence[Any], context: Any) -> None:
        assert self.many
        values = await self.many(rows, context) if rows else ()
        for row, value in zip(rows, values, strict=True):
            row.__dict__.setdefault(ready(self._attribute), value)  # another list may hold the same row

    def _children(self, rows: Sequence[Any]) -> list[Any]:
        name = ready(self._attribute) if self.many else self._attribute
        values = [value for row in rows if (value := getattr(row, name)) is not None]
        if not self._lists:
            return values
        return [child for value in values for child in value if child is not None]


def reading_of(value: Value | None) -> Reading | None:
    """None where nothing is to be read. Raises nothing: lists of lists with relations below are read by stock."""
    inner = value.items if value and value.items else value
    if inner is None or inner.object is None:
        return None
    return Reading(inner.object) or None
