"""What is written here leaves through its mailbox, beside the reading, for as long as somebody holds the mailbox."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from mail.smtp import Smtp
from mail.submission.line import ANSWER_SECONDS, Line
from models.mailbox.lease import Leased, LeaseLost
from models.submission import settling

STOP_SECONDS = 8.0
"""What the one whose bytes are leaving gets to be answered when nothing more is to be sent from here."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds, after trouble of our own."""
log = structlog.get_logger("submission")


class Sender:
    """
    Of one leased mailbox. `reach` signs in to its server. `door`: whoever signs in there holds it meanwhile, so that a
    wrong password is tried once. `shut`: set once the server takes no sign-in, or nothing from this mailbox.
    """

    def __init__(
        self,
        leased: Leased,
        reach: Callable[[], Awaitable[Smtp]],
        *,
        answer_within: float = ANSWER_SECONDS,
    ) -> None:
        self.door, self.shut = asyncio.Lock(), asyncio.Event()
        self._leased = leased
        self._stopping, self._due = asyncio.Event(), asyncio.Event()
        if leased.unsent:
            self._due.set()
        self._line = Line(leased, reach, self._stopping, answer_within=answer_within)

    def wake(self) -> None:
        """To be called when something is due."""
        self._due.set()

    @asynccontextmanager
    async def at_work(self, *, once: bool) -> AsyncIterator[None]:
        """Sends while the block lasts; with `once` the block ends when nothing is due."""
        task = asyncio.create_task(self._run(once=once))
        try:
            yield
            if once:
                await asyncio.wait([task])
        finally:
            await self._stop(task)

    async def empty(self, within: float | None) -> None:
        """Sends until nothing is due, for `within` seconds at most: then the mailbox has other work."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within), self.at_work(once=True):
                pass

    async def _stop(self, task: asyncio.Task[None]) -> None:
        """Nothing more begins to leave, and what is leaving is answered first."""
        self._stopping.set()
        self.wake()
        if self._line.is_leaving:
            await asyncio.wait([task], timeout=STOP_SECONDS)
        task.cancel()
        await asyncio.wait([task])

    async def _run(self, *, once: bool) -> None:
        failures = 0
        while self._due.is_set() or not once:
            await self._due.wait()
            if self._stopping.is_set():
                return
            self._due.clear()
            try:
                async with self.door:
                    await self._send()
                failures = 0
            except LeaseLost:
                return
            except Exception as error:  # the database is away
                failures += 1
                log.warning("submission.not_sent", mailbox=str(self._leased.mailbox_id), error=type(error).__name__)
                await self._pause(min(LONGEST_WAIT, FIRST_WAIT * 2**failures))

    async def _send(self) -> None:
        await settling.interrupted(self._leased)
        self._line.was_shut = False
        try:
            await self._line.run()
        finally:
            if self._line.was_shut:
                self.shut.set()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
