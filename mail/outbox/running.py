"""Pass after pass over what is due, for as long as the process lives."""

import asyncio
import os
import random
import socket
from contextlib import suppress
from dataclasses import dataclass

import structlog

from mail.outbox.line import AT_ONCE, Desk, Line
from mail.outbox.route import Route
from models import letter
from models.ground import keys
from models.ground.together import Together

LOOK_SECONDS = 1.0
SWEEP_SECONDS = 60.0
"""Between looks for firms with letters that have no turn, which should never be."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds between attempts while the way to the mail server is barred."""
STOP_SECONDS = 8.0
"""What the letters under way get to be answered when the process is told to stop."""
log = structlog.get_logger("outbox")


@dataclass(frozen=True, slots=True)
class Pass:
    """`handled`: letters with an outcome that is written down. `barred`: why none could leave, in plain words."""

    handled: int = 0
    barred: str | None = None


def new_owner() -> str:
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{keys.new_token()[:8]}"


async def one_pass(route: Route, *, owner: str, stopping: asyncio.Event | None = None) -> Pass:
    """Everything that is due now. Raises what the database raises; what is under way then is claimed again later."""
    owners = [f"{owner}/{number}" for number in range(route.connections)]  # no line takes another's letter for its own
    first = await letter.claim(owners[0], most=AT_ONCE)
    if not first:
        return Pass()
    more = await letter.claim(owners[1], most=AT_ONCE) if len(owners) > 1 else []
    desk = Desk(Together(letter.hand_over), Together(letter.sent))
    lines = [Line(route, name, stopping or asyncio.Event(), desk) for name in (owners if more else owners[:1])]
    claims = {0: first, 1: more}
    runs = (line.run(claims.get(number, ())) for number, line in enumerate(lines))
    # not a TaskGroup: a line that fails must not cut the others off between a letter's bytes and its answer
    for failed in await asyncio.gather(*runs, return_exceptions=True):
        if failed is not None:
            raise failed
    await letter.close_settled()
    barred = next((line.barred for line in lines if line.barred), None)
    return Pass(sum(line.handled for line in lines), barred)


class Outbox:
    """`await run()` until `await stop()`. Any number of them, in any number of processes, share what there is."""

    def __init__(
        self, route: Route, *, look: float = LOOK_SECONDS, waits: tuple[float, float] = (FIRST_WAIT, LONGEST_WAIT)
    ) -> None:
        """In seconds. `look`: between passes where nothing is due; `waits`: while barred, the first and the longest."""
        self._route, self._owner = route, new_owner()
        self._look_seconds, self._waits = look, waits
        self._look, self._stopping, self._stopped = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._failures = 0
        self._sweep_at = 0.0

    async def run(self) -> None:
        """Survives whatever the database or the mail server does. Leaves no lease behind."""
        letter.wake_by(self._look.set)
        try:
            while not self._stopping.is_set():
                self._look.clear()
                await self._pass()
                await self._wait()
        finally:
            letter.wake_by(None)
            self._stopped.set()

    async def stop(self) -> None:
        """Letters under way are answered first, for some seconds; the others are given back."""
        self._stopping.set()
        self._look.set()
        await self._stopped.wait()

    async def _pass(self) -> None:
        work = asyncio.create_task(self._work())
        stop = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([work, stop], return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                with suppress(TimeoutError):
                    async with asyncio.timeout(STOP_SECONDS):
                        await asyncio.shield(work)
                work.cancel()
            self._note(await work)
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait([work])
            if not self._stopping.is_set():
                raise
        except Exception as error:  # the database is away
            self._failures += 1
            log.warning("outbox.pass_failed", error=type(error).__name__)
        finally:
            stop.cancel()

    async def _work(self) -> Pass:
        if (now := asyncio.get_running_loop().time()) >= self._sweep_at:
            await letter.open_missed()
            await letter.close_settled()
            self._sweep_at = now + SWEEP_SECONDS
        return await one_pass(self._route, owner=self._owner, stopping=self._stopping)

    def _note(self, outcome: Pass) -> None:
        """Barred to some of the lines only is open: the server takes no more connections at once."""
        self._failures = 0 if outcome.barred is None or outcome.handled else self._failures + 1
        if outcome.barred is None:
            return
        log.warning("outbox.barred", why=outcome.barred, attempts=self._failures)

    async def _wait(self) -> None:
        if not self._failures:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look_seconds):
                    await self._look.wait()
            return
        first, longest = self._waits
        seconds = min(longest, first * 2 ** min(self._failures - 1, 10))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds * random.uniform(0.75, 1.25)):  # noqa: S311 - spreads the load
                await self._stopping.wait()
