"""The open sockets on which nobody is signed in, or not yet: they cost nothing to open, and hold places."""

import asyncio
from collections import defaultdict

from graph.engine.transport.sockets import TRY_AGAIN, Closable

WORDS = "Too many sockets of your network on which nobody is signed in"


class Strangers:
    """
    Of one process, used from one event loop. `most`: of one network. One more closes the one that is there longest
    (1013): a newcomer may be about to sign in, which takes a moment, and is not kept out by those who never do.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._networks: dict[Closable, str] = {}
        self._there: defaultdict[str, dict[Closable, None]] = defaultdict(dict)  # the longest first
        self._closing: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._networks)

    def came(self, socket: Closable, network: str) -> None:
        self._networks[socket] = network
        there = self._there[network]
        there[socket] = None
        if len(there) > self._most:
            self._send_away(next(iter(there)))

    def went(self, socket: Closable) -> None:
        """Closed, or signed in; said again it changes nothing."""
        network = self._networks.pop(socket, None)
        if network is not None:
            del self._there[network][socket]
            if not self._there[network]:
                del self._there[network]

    def _send_away(self, socket: Closable) -> None:
        self.went(socket)
        task = asyncio.create_task(socket.close(TRY_AGAIN, WORDS))  # a peer that does not read takes its time
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
