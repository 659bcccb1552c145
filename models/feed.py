"""
Live: a wake-up says that a firm's journal grew, this process reads it once, and every subscriber is a cursor.

Wake-ups may be lost (models.ground.wakeups), so a slow poll tells what they did not. A lost one costs seconds, never
an event.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import structlog

from models import journal
from models.ground.wakeups import BEAT, SILENCE, Wakeups
from models.journal import Batch

POLL = 2.0  # seconds between looks at the heads, whatever the wake-ups say
TAIL = 250  # entries kept in memory for each firm that is followed, and read at once; about 1 kB each
log = structlog.get_logger("feed")


@dataclass(frozen=True, slots=True)
class Ready:
    """The feed has begun, and gives everything after `cursor`."""

    cursor: int


@dataclass(frozen=True, slots=True)
class Live:
    """All up to `cursor` has been told, and what is still missing is near. Once, at the first time."""

    cursor: int


@dataclass(frozen=True, slots=True)
class Resync:
    """What came before `cursor` can no longer be told: read afresh, the feed goes on from there."""

    cursor: int


class _Tail:
    """The newest batches of one firm: all after `start`, up to `end`."""

    def __init__(self, position: int) -> None:
        self.start = self.end = position
        self.followers = 0
        self.grown = asyncio.Event()
        self._batches: deque[Batch] = deque()
        self._entries = 0
        self._reading = asyncio.Lock()

    async def catch_up(self, firm_id: UUID, head: int) -> None:
        """Reads the journal up to `head`, once, however many ask."""
        async with self._reading:
            while self.end < head and (batches := await journal.since(firm_id, self.end, most=TAIL)):
                self._keep(batches)

    def _keep(self, batches: Sequence[Batch]) -> None:
        self._batches.extend(batches)
        self._entries += sum(len(batch.entries) for batch in batches)
        self.end = batches[-1].cursor
        while self._entries > TAIL and len(self._batches) > 1:
            oldest = self._batches.popleft()
            self._entries -= len(oldest.entries)
            self.start = oldest.cursor
        grown, self.grown = self.grown, asyncio.Event()
        grown.set()

    def after(self, position: int) -> list[Batch]:
        return [_rest(batch, position) for batch in self._batches if batch.cursor > position]


def _rest(batch: Batch, position: int) -> Batch:
    """What is left of a batch for who has seen its beginning."""
    if batch.entries[0].position > position:
        return batch
    return Batch(batch.cursor, tuple(entry for entry in batch.entries if entry.position > position))


class Hub:
    """One per process, between `open` and `close`. `poll`, `beat` and `silence` are in seconds."""

    def __init__(self, *, poll: float = POLL, beat: float = BEAT, silence: float = SILENCE) -> None:
        self._wakeups = Wakeups(self._note, beat=beat, silence=silence)
        self._poll_every = poll
        self._tails: dict[UUID, _Tail] = {}
        self._heads: dict[UUID, int] = {}
        self._stirred = asyncio.Event()
        self._reading: list[asyncio.Task[None]] = []

    async def open(self, wakeups_url: str) -> None:
        """Starts listening. A channel that is not there yet is tried again, meanwhile the poll tells."""
        self._stirred = asyncio.Event()  # a new one for each event loop
        self._reading = [asyncio.create_task(work) for work in (self._keep_up(), self._poll())]
        self._wakeups.open(wakeups_url)
        if not wakeups_url.startswith("postgres"):
            journal.wake_by(self._wakeups.tell)

    async def close(self) -> None:
        journal.wake_by(None)
        await self._wakeups.close()
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)
        self._reading = []

    @property
    def hears(self) -> bool:
        """Whether the channel of wake-ups works; where not, events come by the poll."""
        return self._wakeups.alive

    def followed(self) -> dict[UUID, int]:
        """How far this process has read the journal of each firm that it follows."""
        return {firm_id: tail.end for firm_id, tail in self._tails.items()}

    async def follow(
        self, firm_id: UUID, after: int | None = None, *, tell_live: int | None = None
    ) -> AsyncIterator[Ready | Batch | Live | Resync]:
        """
        Everything after `after` (None: from now), in order, none twice, then live, for as long as it is asked.

        `tell_live`: says so, once, when no more than so many positions are missing.

        A follower costs a position and no queue: a slow one lags, and catches up from the database.
        """
        tail = await self._join(firm_id)
        try:
            position = tail.end if after is None else after
            yield Ready(position)
            if after is not None and not await journal.reaches_back_to(firm_id, position):
                position = await journal.head(firm_id)
                yield Resync(position)
            telling = tell_live
            while True:
                grown = tail.grown
                if position < tail.start and not await journal.reaches_back_to(firm_id, position):
                    position = tail.end
                    yield Resync(position)
                if telling is not None and tail.end - position <= telling:
                    telling = None
                    yield Live(position)
                behind = position < tail.start
                batches = await journal.since(firm_id, position, most=TAIL) if behind else tail.after(position)
                for batch in batches:
                    position = batch.cursor
                    yield batch
                if not batches:
                    await grown.wait()
        finally:
            self._leave(firm_id, tail)

    async def changed(self, firm_id: UUID, after: int) -> int:
        """Waits until the firm's journal stands beyond `after`, and answers where."""
        tail = await self._join(firm_id)
        try:
            while tail.end <= after:
                await tail.grown.wait()
            return tail.end
        finally:
            self._leave(firm_id, tail)

    async def _join(self, firm_id: UUID) -> _Tail:
        if firm_id not in self._tails:
            head = await journal.head(firm_id)
            self._tails.setdefault(firm_id, _Tail(head))
        tail = self._tails[firm_id]
        tail.followers += 1
        return tail

    def _leave(self, firm_id: UUID, tail: _Tail) -> None:
        tail.followers -= 1
        if tail.followers == 0:
            self._tails.pop(firm_id, None)

    async def _note(self, firm_id: UUID, head: int) -> None:
        """Never waits for the database: meanwhile wake-ups would pile up in the channel."""
        if firm_id in self._tails:
            self._heads[firm_id] = head
            self._stirred.set()

    async def _keep_up(self) -> None:
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            heads, self._heads = self._heads, {}
            with _logged("feed.read_failed"):
                await self._grow(heads)

    async def _poll(self) -> None:
        """What no wake-up told, and what one told while the database was away."""
        while True:
            await asyncio.sleep(self._poll_every)
            with _logged("feed.poll_failed"):
                await self._grow(await journal.heads(list(self._tails)) if self._tails else {})

    async def _grow(self, heads: Mapping[UUID, int]) -> None:
        for firm_id, head in heads.items():
            if (tail := self._tails.get(firm_id)) and head > tail.end:
                await tail.catch_up(firm_id, head)


@contextmanager
def _logged(event: str) -> Iterator[None]:
    """The block may fail: its caller tries again."""
    try:
        yield
    except Exception as error:
        log.warning(event, error=type(error).__name__)


hub = Hub()
