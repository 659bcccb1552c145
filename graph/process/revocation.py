"""
Revocation reaches open sockets and streams (P5): in each process one watcher reads, through the hub, the journals of
the firms whose people have some open here.

A socket is of a session as it was when the socket opened. Where that has ended, has other rights or is in another
account, its sockets close (4403) and the client comes back as what it is now.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable
from contextlib import aclosing, suppress
from uuid import UUID

import structlog

from graph.engine.transport import Sockets
from models import feed, session
from models.journal import Batch, Effect
from models.viewer import Client, Viewer

REST = 0.05  # seconds between two looks
EVERY = 15.0  # seconds
AGAIN = 1.0  # seconds, where the database is away
Holder = Viewer | Client
log = structlog.get_logger("revocation")


class Revocation:
    """
    One for each process, for as long as its sockets. Costs a task for each firm that has some open, and none for a
    socket; asks for all that are concerned in one statement, 20 times a second at most. `every` so many seconds it
    looks at all of them: sessions also end by the clock.
    """

    def __init__(self, sockets: Sockets, *, every: float = EVERY) -> None:
        self.every = every
        sockets.watch = self
        self._sockets = sockets
        self._holders: defaultdict[UUID, set[Holder]] = defaultdict(set)
        self._following: dict[UUID, asyncio.Task[None]] = {}
        self._asking: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[int]] = set()
        self._due: set[Holder] = set()
        self._stirred = asyncio.Event()

    def opened(self, holder: Hashable) -> None:
        assert isinstance(holder, Holder)
        self._holders[holder.firm_id].add(holder)
        if holder.firm_id not in self._following:
            self._following[holder.firm_id] = asyncio.create_task(self._follow(holder.firm_id))
        if self._asking is None:
            self._stirred = asyncio.Event()
            self._asking = asyncio.create_task(self._ask())
        self._ask_for([holder])  # it may have ended since its token was looked at

    def closed(self, holder: Hashable) -> None:
        assert isinstance(holder, Holder)
        self._due.discard(holder)
        left = self._holders[holder.firm_id]
        left.discard(holder)
        if not left:
            del self._holders[holder.firm_id]
            self._following.pop(holder.firm_id).cancel()
        if not self._holders and self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _ask_for(self, holders: Iterable[Holder]) -> None:
        self._due.update(holders)
        self._stirred.set()

    async def _follow(self, firm_id: UUID) -> None:
        """Asks first for all that may have been missed, at the beginning and after a failure."""
        while True:
            try:
                async with aclosing(feed.hub.follow(firm_id)) as events:  # type: ignore[type-var]
                    async for event in events:
                        if not isinstance(event, Batch) or event.having(Effect.ACCESS):
                            self._ask_for(self._holders.get(firm_id, ()))
            except Exception as error:
                log.warning("revocation.follow_failed", error=type(error).__name__)
            await asyncio.sleep(AGAIN)

    async def _ask(self) -> None:
        loop = asyncio.get_running_loop()
        all_at = loop.time() + self.every
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(all_at):
                    await self._stirred.wait()
            await asyncio.sleep(REST)
            self._stirred.clear()
            if looks_at_all := loop.time() >= all_at:
                all_at = loop.time() + self.every
                self._due.update(*self._holders.values())
            due, self._due = self._due, set()
            try:
                still = await self._close_ended(due)
                if looks_at_all:
                    await session.keep_open(still)
            except Exception as error:
                log.warning("revocation.ask_failed", error=type(error).__name__)
                await asyncio.sleep(AGAIN)
                self._ask_for(holder for holder in due if holder in self._holders.get(holder.firm_id, ()))

    async def _close_ended(self, due: set[Holder]) -> Collection[Holder]:
        """Closes sockets whose session has ended or changed; answers the others."""
        now = await session.still_all(list(due)) if due else {}
        for holder in due:
            if now.get(holder) != holder:  # a peer that does not read takes its time: nobody waits for it
                task = asyncio.create_task(self._sockets.close(holder))
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)
        return now.values()
