"""A DataLoader that can also be asked for many keys at once, without a future for each of them."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import TypeVar

from strawberry.dataloader import DataLoader

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
MANY = 10  # keys that are read at once; fewer wait for each other, as they may come one by one from the rows of a list


class Loader(DataLoader[K, V]):
    """`read` gives the values of distinct keys, in their order."""

    def __init__(self, read: Callable[[list[K]], Awaitable[Sequence[V]]]) -> None:
        super().__init__(read)
        del self.load_fn  # a bound method there would be a cycle; it finds the one below
        self._read = read
        self._known: dict[K, V] = {}

    async def load_fn(self, keys: list[K]) -> list[V]:
        found = list(await self._read(keys))
        self._known.update(zip(keys, found, strict=True))
        return found

    async def all(self, keys: Sequence[K]) -> list[V]:
        """Their values in their order; what is known is not read again."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._known]
        if len(missing) >= MANY:
            await self.load_fn(missing)
        elif missing:
            await self.load_many(missing)
        return [self._known[key] for key in keys]

    def learn(self, found: Mapping[K, V]) -> None:
        """Values that came along with others."""
        self._known.update(found)

    def load(self, key: K) -> Awaitable[V]:
        if key in self._known and self.cache_map.get(key) is None:
            self.prime(key, self._known[key])
        return super().load(key)
