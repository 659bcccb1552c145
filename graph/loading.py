"""Reads together what many fields of one operation ask for. GraphQL may cancel any of them, beside an error."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar

from models.ground.together import Together

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
MANY = 10  # keys that are read at once; fewer wait for each other, as they may come one by one from the rows of a list


class Loader(Generic[K, V]):
    """`read` gives the values of distinct keys, in their order. No key is read twice."""

    def __init__(self, read: Callable[[list[K]], Awaitable[Sequence[V]]]) -> None:
        self._known: dict[K, V] = {}
        self._find = partial(_found, read, self._known)  # a method of its own would be a cycle
        self._together = Together(self._find)

    async def load(self, key: K) -> V:
        return self._known[key] if key in self._known else await self._together(key)

    async def all(self, keys: Sequence[K]) -> list[V]:
        """The values of these keys, in their order; known ones are not read again."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._known]
        if len(missing) >= MANY:
            await self._find(missing)
        elif missing:
            await asyncio.gather(*map(self._together, missing))
        return [self._known[key] for key in keys]

    def learn(self, values: Mapping[K, V]) -> None:
        """Takes over values that were read along with others."""
        self._known.update(values)


async def _found(
    read: Callable[[list[K]], Awaitable[Sequence[V]]], values: dict[K, V], keys: Sequence[K]
) -> Sequence[V]:
    missing = [key for key in dict.fromkeys(keys) if key not in values]
    if missing:
        values.update(zip(missing, await read(missing), strict=True))
    return [values[key] for key in keys]
