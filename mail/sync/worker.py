"""Many mailboxes in one process, any number of processes: each claims what is free, and lets go of what it loses."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog

from mail.parsing import ParserPool
from mail.sync.attending import Attendance, attend
from mail.sync.tools import Tools
from models.ground import keys
from models.ground.cancelled import heed
from models.mailbox import lease

LOOK_SECONDS = 1.0
"""How often it looks for free mailboxes, and for something to fetch in its own."""
RENEW_SECONDS = lease.SECONDS / 4
CLAIMED_AT_ONCE = 20
log = structlog.get_logger("sync")


class Worker:
    """
    `await run()` until `await stop()`. `wakes(firm_id)` returns when something has changed in a firm: what a look every
    second would find then comes sooner. `most`: mailboxes at a time. Without `parsers` it has its own.
    """

    def __init__(
        self,
        *,
        development: bool = False,
        parsers: ParserPool | None = None,
        wakes: Callable[[UUID], Awaitable[None]] | None = None,
        most: int = 300,
        timeout: float = 30.0,
    ) -> None:
        self.owner = f"{socket.gethostname()[:60]}:{os.getpid()}:{keys.new_token()[:8]}"
        self._development, self._timeout, self._most = development, timeout, most
        self._parsers, self._wakes = parsers, wakes
        self._held: dict[UUID, tuple[Attendance, asyncio.Task[bool]]] = {}
        self._wakers: dict[UUID, asyncio.Task[None]] = {}
        self._look = asyncio.Event()
        self._stopping = asyncio.Event()
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Survives whatever the database or a mailbox does. Leaves no lease, connection or process behind."""
        own = None if self._parsers else ParserPool()
        if own:
            own.start()
        try:
            parsers = self._parsers or own
            assert parsers
            await self._supervise(Tools(parsers, self._development, self._timeout))
        finally:
            await self._let_go()
            if own:
                await own.stop()
            self._stopped.set()

    async def stop(self) -> None:
        """Drops what it is doing, which costs nothing, and returns when all is given back."""
        self._stopping.set()
        self._look.set()
        await self._stopped.wait()

    async def _supervise(self, tools: Tools) -> None:
        loop = asyncio.get_running_loop()
        renewal = loop.time() + RENEW_SECONDS
        while not self._stopping.is_set():
            self._look.clear()
            try:
                if loop.time() >= renewal:
                    renewal = loop.time() + RENEW_SECONDS
                    await self._renew()
                await self._stir()
                await self._claim(tools)
            except Exception as error:  # the database is away: the leases outlive it for a while, or others take over
                log.warning("sync.look_failed", error=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look.wait()

    async def _claim(self, tools: Tools) -> None:
        self._held = {mailbox_id: held for mailbox_id, held in self._held.items() if not held[1].done()}
        free = min(self._most - len(self._held), CLAIMED_AT_ONCE)
        for leased in await lease.claim(self.owner, most=free, held=self._held) if free > 0 else ():
            attendance = Attendance(leased)
            task = asyncio.create_task(attend(attendance, tools))
            task.add_done_callback(lambda _: self._look.set())
            self._held[leased.mailbox_id] = (attendance, task)
            self._listen(leased.firm_id)

    async def _renew(self) -> None:
        held = [attendance.leased for attendance, _ in self._held.values()]
        still_ours = await lease.renew(held)
        for mailbox_id, (_, task) in self._held.items():
            if mailbox_id not in still_ours:
                _end(task)

    async def _stir(self) -> None:
        """
        Wakes whoever has something to fetch or to send, or is asked for a look; ends what was changed, to be claimed
        anew.
        """
        stirring = await lease.stirring([attendance.leased for attendance, _ in self._held.values()])
        for mailbox_id, (attendance, task) in self._held.items():
            stir = stirring.get(mailbox_id)
            if stir is None or stir.version != attendance.leased.version:
                _end(task)
                continue
            if stir.sends and attendance.sender:
                attendance.sender.wake()
            if attendance.watching and (stir.pending or stir.copies or stir.asks != attendance.asks):
                attendance.asks = stir.asks
                attendance.stir.set()

    def _listen(self, firm_id: UUID) -> None:
        if self._wakes and firm_id not in self._wakers:
            self._wakers[firm_id] = asyncio.create_task(self._hear(firm_id, self._wakes))

    async def _hear(self, firm_id: UUID, wakes: Callable[[UUID], Awaitable[None]]) -> None:
        while True:
            heed()
            try:
                await wakes(firm_id)
                self._look.set()
            except Exception as error:
                log.warning("sync.wakes_failed", error=type(error).__name__)
                await asyncio.sleep(LOOK_SECONDS)

    async def _let_go(self) -> None:
        tasks = [*(task for _, task in self._held.values()), *self._wakers.values()]
        for task in tasks:
            _end(task)
        await asyncio.gather(*tasks, return_exceptions=True)
        self._held, self._wakers = {}, {}


def _end(task: asyncio.Task[Any]) -> None:
    """Once only: a second time would hit it while it gives its lease back."""
    if not task.cancelling():
        task.cancel()
