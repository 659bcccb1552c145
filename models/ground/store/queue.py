"""Writers queue before they take a connection: those who wait for a lock of their firm hold up no other firm (P7)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID
from weakref import WeakValueDictionary


class Queue:
    """
    All writers together get half of a pool of `connections`, those of one firm a third, each at least one; first come,
    first served. Who reads is never among them.
    """

    def __init__(self, connections: int) -> None:
        self._of_a_firm = max(1, connections // 3)
        self._all = asyncio.Semaphore(max(1, connections // 2))
        self._firms: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def place(self, firm_id: UUID | None) -> AsyncIterator[None]:
        """For one writer, who asks for no second one meanwhile. None: of no firm, or not known which."""
        # the firm's first: whoever waits for it must not keep a place of all
        async with self._of(firm_id), self._all:
            yield

    def _of(self, firm_id: UUID | None) -> asyncio.Semaphore:
        """The firm's own; forgotten once nobody of the firm writes or waits."""
        if firm_id is None:
            return asyncio.Semaphore()
        if (places := self._firms.get(firm_id)) is None:
            places = self._firms[firm_id] = asyncio.Semaphore(self._of_a_firm)
        return places

    def __len__(self) -> int:
        """Firms of which somebody writes or waits."""
        return len(self._firms)
