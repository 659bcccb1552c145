"""The open sockets and streams of this process, so that a revocation or a shutdown can reach them."""

import asyncio
from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Protocol

FORBIDDEN = 4403
RESTART = 1012  # clients take it for a passing trouble and connect again
TRY_AGAIN = 1013  # likewise; after 4500 they would not come back
ANSWERED = 15.0  # seconds that what was asked before may take to be answered


class Closable(Protocol):
    """An open socket, or the one operation of a stream."""

    async def answered(self) -> None:
        """Returns when all that was asked before has its first answer, or after ANSWERED."""

    async def close(self, code: int, reason: str) -> None:
        """Cancels its operations and closes it. Never raises, also when it is gone already."""

    async def wait_closed(self) -> None:
        """Returns when its last task has ended."""


class Watch(Protocol):
    """Who wants to know whose sockets are open."""

    def opened(self, holder: Hashable) -> None:
        """The first of this holder."""

    def closed(self, holder: Hashable) -> None:
        """The last of this holder."""


class Sockets:
    """One registry for each process. Used from one event loop. `holder`: whose a socket is, as its context says."""

    def __init__(self) -> None:
        self.draining = False
        self.watch: Watch | None = None
        self._open: dict[Closable, Hashable | None] = {}
        self._by_holder: defaultdict[Hashable, set[Closable]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._open)

    def add(self, socket: Closable) -> None:
        self._open[socket] = None

    def belongs(self, socket: Closable, holder: Hashable | None) -> None:
        """Called once, when the socket said whose it is."""
        if holder is None or socket not in self._open:
            return
        self._open[socket] = holder
        self._by_holder[holder].add(socket)
        if self.watch is not None and len(self._by_holder[holder]) == 1:
            self.watch.opened(holder)

    def remove(self, socket: Closable) -> None:
        holder = self._open.pop(socket, None)
        if holder is None:
            return
        self._by_holder[holder].discard(socket)
        if not self._by_holder[holder]:
            del self._by_holder[holder]
            if self.watch is not None:
                self.watch.closed(holder)

    async def close(self, holder: Hashable, code: int = FORBIDDEN, reason: str = "The session has ended") -> int:
        """
        Closes the sockets of one holder, each when it has answered: what ends a session may have been asked for there.
        Returns how many there were.
        """
        closing = list(self._by_holder.get(holder, ()))
        await asyncio.gather(*(_close_answered(socket, code, reason) for socket in closing))
        return len(closing)

    async def drain(self, reason: str = "The server restarts; connect again") -> int:
        """Refuses new sockets, closes all with 1012 and waits for their tasks. For shutdown."""
        self.draining = True
        sockets = list(self._open)
        await _close_all(sockets, RESTART, reason)
        await asyncio.gather(*(socket.wait_closed() for socket in sockets))
        return len(sockets)


async def _close_answered(socket: Closable, code: int, reason: str) -> None:
    await socket.answered()
    await socket.close(code, reason)


async def _close_all(sockets: Iterable[Closable], code: int, reason: str) -> int:
    closing = list(sockets)
    await asyncio.gather(*(socket.close(code, reason) for socket in closing))
    return len(closing)
