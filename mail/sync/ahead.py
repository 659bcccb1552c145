"""Fetching goes ahead while what was fetched before is parsed and stored."""

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from uuid import UUID

AHEAD = 2
"""Batches of a mailbox that are fetched and not stored: one is stored, one is parsed, while the next comes in."""
SMALL = 256 * 1024
"""Bytes up to which a batch, mostly new mail, needs no room in the process: it waits for no other mailbox."""


@dataclass(frozen=True, slots=True)
class _Batch:
    ids: frozenset[UUID]
    storing: asyncio.Task[None]


class Ahead:
    """
    For each batch: `room`, fetch it, then `go_on` with storing it, or `no_more` where fetching failed.

    At the end of the block all is stored that was fetched, also where fetching has failed, so that each visit gets on;
    then that failure is raised, else the first of storing. Only a cancellation drops what is under way: the ledger
    still has it to be fetched. One that fails to be stored stops no other.

    Memory has two bounds. A mailbox has AHEAD batches under way; and the mailboxes of the process share the places of
    `batches`, one for each large batch, from before it is fetched until its storing ends, in whatever way.
    """

    def __init__(self, batches: asyncio.Semaphore) -> None:
        self.turn = asyncio.Lock()  # to store: who waits for the firm's lock in the database keeps a connection
        self._batches = batches
        self._takes_room = False
        self._under_way = deque[_Batch]()  # the oldest first

    @property
    def ids(self) -> list[UUID]:
        """Of what is under way: still pending in the ledger, and not to be fetched again."""
        return [pending_id for batch in self._under_way for pending_id in batch.ids]

    async def room(self, size: int) -> None:
        """For one more batch of so many bytes, here and in the process. Raises what became of the oldest."""
        while len(self._under_way) >= AHEAD:
            await self._under_way[0].storing
            self._under_way.popleft()
        self._takes_room = size > SMALL
        if self._takes_room:
            await self._batches.acquire()

    def no_more(self) -> None:
        """The batch did not come: its room is given back."""
        if self._takes_room:
            self._batches.release()

    def go_on(self, ids: Iterable[UUID], storing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(storing)
        if self._takes_room:
            task.add_done_callback(lambda _: self._batches.release())
        self._under_way.append(_Batch(frozenset(ids), task))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = [batch.storing for batch in self._under_way]
        if isinstance(error, asyncio.CancelledError):
            for task in tasks:
                task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        if error is None:
            for failure in filter(None, ends):
                raise failure
