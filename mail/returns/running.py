"""The return mailbox, read for as long as the process lives: by one worker at a time, of however many there are."""

import asyncio
import os
import random
import socket
from contextlib import suppress

import structlog

from mail.calling import NoAddress, call
from mail.imap import Imap, ImapError
from mail.parsing import ParserPool
from mail.returns.place import Place
from mail.returns.reading import read
from models import return_mailbox
from models.ground import keys
from models.ground.cancelled import heed
from models.return_mailbox import SECONDS, Held, LeaseLost

LOOK_SECONDS = 15.0
"""How often a worker asks whether the other one still reads; how long the folder is watched before the next look."""
FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0
"""Seconds between attempts while it cannot be read."""
RELEASE_SECONDS = 2.0
log = structlog.get_logger("returns")


class ReturnReader:
    """`await run()` until `await stop()`. `timeout`: seconds for any answer of the server."""

    def __init__(self, place: Place, parsers: ParserPool, *, timeout: float = 30.0) -> None:
        self._place, self._parsers, self._timeout = place, parsers, timeout
        self._owner = f"{socket.gethostname()[:60]}:{os.getpid()}:{keys.new_token()[:8]}"
        self._stopping, self._stopped = asyncio.Event(), asyncio.Event()
        self._failures = 0

    async def run(self) -> None:
        """Survives whatever the database or the mailbox does. Leaves no lease and no connection behind."""
        work = asyncio.create_task(self._work())
        stop = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([work, stop], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (work, stop):
                task.cancel()
            await asyncio.wait([work, stop])
            self._stopped.set()

    async def stop(self) -> None:
        """Drops what it is doing, which costs nothing, and returns when the lease is given back."""
        self._stopping.set()
        await self._stopped.wait()

    async def _work(self) -> None:
        while True:
            heed()
            try:
                if held := await return_mailbox.claim(self._owner, self._place.name):
                    await self._hold(held)
            except LeaseLost:
                log.info("returns.lost")
            except Exception as error:  # the database is away
                self._failures += 1
                log.warning("returns.failed", error=type(error).__name__)
            await asyncio.sleep(self._wait())

    async def _hold(self, held: Held) -> None:
        """Reads until that fails; then the lease is given back."""
        renewing = asyncio.create_task(_renew(held))
        try:
            async with await reach(self._place, timeout=self._timeout) as imap:
                await self._attend(held, imap)
        except (NoAddress, ImapError) as error:
            self._failures += 1
            log.warning("returns.not_read", why=error.message, attempts=self._failures)
            await return_mailbox.failed(held, error.message)
        finally:
            renewing.cancel()
            with suppress(Exception):
                async with asyncio.timeout(RELEASE_SECONDS):
                    await return_mailbox.release(held)

    async def _attend(self, held: Held, imap: Imap) -> None:
        while True:
            heed()
            state = await read(held, imap, self._place.folder, self._parsers)
            await return_mailbox.went_well(held)
            self._failures = 0
            if await imap.examine(self._place.folder) == state:
                await imap.idle(min(LOOK_SECONDS, SECONDS / 3))

    def _wait(self) -> float:
        if not self._failures:
            return LOOK_SECONDS
        seconds: float = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self._failures - 1, 10))
        return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - spreads the load


async def _renew(held: Held) -> None:
    """While a slow server takes its time over many messages. If the lease is lost, the next write raises LeaseLost."""
    while True:
        await asyncio.sleep(SECONDS / 4)
        with suppress(Exception):
            await return_mailbox.renew(held)


async def reach(place: Place, *, timeout: float = 30.0) -> Imap:
    """Signed in. Its own network will do: whoever runs the installation has named it. Raises NoAddress, ImapError."""
    return await call(place.server, username=place.username, password=place.password, private=True, timeout=timeout)
