"""
"Firm F is at position N", from whichever process wrote it to every process that follows: by the database, or by Redis.

They travel by broadcaster and may be lost: it falls silent for good when its server restarts. So the channel is watched
(a beat through itself), built anew when it falls silent, and nobody relies on it: a lost wake-up costs seconds.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import chain, repeat
from uuid import UUID

import structlog
from broadcaster import Broadcast

from models.ground.cancelled import heed
from models.ground.store.named import CHANNEL

BEAT = 10.0  # seconds between beats through the channel
SILENCE = 25.0  # seconds without one after which the channel is built anew
log = structlog.get_logger("wakeups")

Heard = Callable[[UUID, int], Awaitable[None]]


class Wakeups:
    """
    Between `open` and `close`. `heard` is awaited for every wake-up; `beat` and `silence` are in seconds.

    Wake-ups may be lost and come twice or late: each was the newest position of a firm's journal when it was sent, and
    one that is lost is made good by a slow poll (models.feed). But no channel may be dead unnoticed: this
    process sends itself a beat through it; whatever is heard proves that it lives, and after `silence` without anything
    it is hung up and built anew. One task listens, and three beside it end together with it: the beat, what is to be
    told, and a watch over broadcaster's own task. `tell` never waits: it keeps the newest position of each firm.
    """

    def __init__(self, heard: Heard, *, beat: float = BEAT, silence: float = SILENCE) -> None:
        self._heard, self._beat_every, self._silence = heard, beat, silence
        self._heard_at: float | None = None
        self._untold: dict[UUID, int] = {}
        self._to_tell = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """Whether anything, if only our own beat, was heard lately."""
        return self._heard_at is not None and asyncio.get_running_loop().time() - self._heard_at < self._silence

    def open(self, url: str) -> None:
        """Starts listening. A channel that is not there yet is tried again."""
        self._to_tell = asyncio.Event()  # a new one for each event loop
        self._listening = asyncio.create_task(self._listen(url))

    async def close(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        self._listening = self._heard_at = None

    def tell(self, firm_id: UUID, head: int) -> None:
        """
        Says soon that the firm's journal stands at `head`; for channels other than the database, which is told within
        the transaction. While the channel is away the newest head of each firm is kept for it.
        """
        self._untold[firm_id] = max(head, self._untold.get(firm_id, 0))
        self._to_tell.set()

    async def _listen(self, url: str) -> None:
        """Channel after channel, until it is cancelled."""
        while True:
            try:
                await self._hear(_channel(url))
            except Exception as error:
                heed()  # broadcaster turns a cancellation in `subscribe` into a KeyError
                log.warning("wakeups.channel_lost", error=type(error).__name__)
            await asyncio.sleep(1)

    async def _hear(self, channel: Broadcast) -> None:
        """Until the channel breaks, or gives nothing, not even our own beat, for too long: then it raises."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._silence) as patience:
                await channel.connect()
                async with channel.subscribe(CHANNEL) as heard, self._speaking(channel):
                    while True:
                        await self._take((await heard.get()).message)
                        self._heard_at = loop.time()
                        patience.reschedule(self._heard_at + self._silence)
        finally:
            await _hang_up(channel)

    @asynccontextmanager
    async def _speaking(self, channel: Broadcast) -> AsyncIterator[None]:
        """
        The three tasks, for as long as the block lasts; where one fails, it ends the block. Hangs up before `subscribe`
        says goodbye to the server, which may have frozen.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for work in (self._beat(channel), self._tell(channel), _watch(channel)):
                    tasks.create_task(work)
                yield
        finally:
            await _hang_up(channel)

    async def _beat(self, channel: Broadcast) -> None:
        """At once; a second later, in case the first was sent before we were subscribed; then regularly."""
        for pause in chain((0, 1), repeat(self._beat_every)):
            await asyncio.sleep(pause)
            await channel.publish(CHANNEL, "beat")

    async def _tell(self, channel: Broadcast) -> None:
        while True:
            await self._to_tell.wait()
            for firm_id, head in list(self._untold.items()):
                await channel.publish(CHANNEL, f"{firm_id} {head}")
                if self._untold[firm_id] == head:  # else it has grown meanwhile, and is told once more
                    del self._untold[firm_id]
            if not self._untold:
                self._to_tell.clear()

    async def _take(self, message: str) -> None:
        firm, _, head = message.partition(" ")
        with suppress(ValueError):  # a beat, or not ours
            await self._heard(UUID(firm), int(head))


def _channel(url: str) -> Broadcast:
    if not url.startswith(("redis://", "rediss://", "unix://")):
        return Broadcast(url)
    from models.ground.wakeups_by_redis import Redis  # an extra: only who uses it needs it

    return Broadcast(backend=Redis(url))


async def _watch(channel: Broadcast) -> None:
    """Raises when the task that listens to Redis has ended; broadcaster 0.3.1 does not notice."""
    if isinstance(listener := getattr(channel._backend, "_listener", None), asyncio.Task):
        await listener


async def _hang_up(channel: Broadcast) -> None:
    """Also where the other side has frozen, and where it is hung up already: broadcaster 0.3.1 can do neither."""
    with suppress(Exception, asyncio.CancelledError):
        async with asyncio.timeout(2):
            await channel.disconnect()
            return
    connection = getattr(channel._backend, "_conn", None)
    if terminate := getattr(connection, "terminate", None):
        terminate()
