"""What the tests of the live feed share: hubs, listeners, journal entries, and a wire that can freeze."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from models import journal
from models.feed import Hub
from models.ground import store
from models.journal import Batch, Change, JournalKind
from models.viewer import Actor
from tests.support.waiting import patience


@asynccontextmanager
async def a_hub(url: str, **seconds: float) -> AsyncIterator[Hub]:
    """One process's worth; `seconds` as Hub takes them."""
    hub = Hub(**seconds)
    await hub.open(url)
    try:
        yield hub
    finally:
        async with patience():
            await hub.close()


def note(by: Actor, *texts: str) -> None:
    """Within a transaction."""
    for text in texts:
        journal.record(JournalKind.FIRM_CHANGED, by=by, changes=[Change("name", None, text)])


async def say(by: Actor, *texts: str) -> int:
    """One transaction that records these, in order; its cursor."""
    async with store.transaction() as tx:
        note(by, *texts)
    assert tx.cursor is not None
    return tx.cursor


def texts_of(batches: Sequence[object]) -> list[str | None]:
    return [entry.changes[0].after for batch in batches if isinstance(batch, Batch) for entry in batch.entries]


@dataclass
class Listener:
    """Reads a feed as fast as it comes, and keeps what it heard."""

    heard: list[Any] = field(default_factory=list)
    grew: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, hub: Hub, firm_id: UUID, after: int | None) -> None:
        async with aclosing(hub.follow(firm_id, after)) as events:  # type: ignore[type-var]
            async for event in events:
                self.heard.append(event)
                self.grew.set()

    @property
    def texts(self) -> list[str | None]:
        return texts_of(self.heard)

    async def until(self, true: Callable[["Listener"], object]) -> None:
        async with patience():
            while not true(self):
                self.grew.clear()
                await self.grew.wait()


@asynccontextmanager
async def listening(hub: Hub, firm_id: UUID, after: int | None = None) -> AsyncIterator[Listener]:
    """Ready when this begins."""
    listener = Listener()
    task = asyncio.create_task(listener.listen(hub, firm_id, after))
    try:
        await listener.until(lambda one: one.heard)
        yield listener
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@dataclass
class Wire:
    """
    Between a client and PostgreSQL's socket, on the loopback. Frozen, it forwards nothing and closes nothing.

    A connection over which `freezes_at` comes freezes before it goes on; `frozen` says that one did.
    """

    url: str
    freezes_at: bytes | None = None
    frozen: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0
    thawed: list[asyncio.Event] = field(default_factory=list)

    def freeze(self) -> None:
        """What is connected now; later connections work."""
        for each in self.thawed:
            each.clear()

    async def forward(self, reader: Any, writer: Any, thawed: asyncio.Event) -> None:
        while data := await reader.read(65_536):
            if self.freezes_at and self.freezes_at in data:
                thawed.clear()
                self.frozen.set()
            await thawed.wait()
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def a_wire_to(url: str, *, freezes_at: bytes | None = None) -> AsyncIterator[Wire]:
    """`url` names a folder with PostgreSQL's socket, as those of models.ground.embedded do."""
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        wire.connections += 1
        wire.thawed.append(thawed := asyncio.Event())
        thawed.set()
        theirs = await asyncio.open_unix_connection(f"{query['host']}/.s.PGSQL.{query['port']}")
        there = asyncio.create_task(wire.forward(reader, theirs[1], thawed))
        back = asyncio.create_task(wire.forward(theirs[0], writer, thawed))
        try:
            await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (there, back, writer.transport, theirs[1].transport):
                each.cancel() if isinstance(each, asyncio.Task) else each.abort()
            await asyncio.gather(there, back, return_exceptions=True)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    wire = Wire(f"postgres://{parts.username}@127.0.0.1:{port}{parts.path}?sslmode=disable", freezes_at)
    try:
        yield wire
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
